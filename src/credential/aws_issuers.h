/// AWS: keys of a session, from where AWS's SDKs look for them (the default chain).
///
/// Order, as the SDKs': static keys in the environment (credential/aws_credentials.h), a web
/// identity token file exchanged at STS (IRSA), the container credentials endpoint (ECS, EKS Pod
/// Identity), the instance metadata service (IMDSv2). Sources: AWS SDKs and Tools Reference Guide,
/// "Standardized credential providers"; STS API Reference, "AssumeRoleWithWebIdentity".
///
/// Token files are read anew at each fetch: Kubernetes rotates them. Threads: the desk's loop,
/// which serves no requests, so that reading a small file there is no harm.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "credential/aws_credentials.h"
#include "credential/http_caller.h"
#include "credential/token_source.h"

namespace weir::credential {

using ReadFile = std::function<Result<std::string>(const std::string& path)>;

struct AwsChoice {
    std::string key;          ///< tells apart what gives different keys
    std::string description;  ///< "role arn:… by web identity", "the container's role", …
    std::unique_ptr<Issuer> issuer;
};

/// What of the chain behind static keys the environment asks for; the metadata service if nothing
/// else. Fails with credential.invalid if a variable names no token endpoint, or the chain is empty
/// (AWS_EC2_METADATA_DISABLED=true) with credential.missing.
Result<AwsChoice> aws_chain(const Environment& environment, std::string_view region,
                            ReadFile read_file);

/// The endpoint of STS: `given`, or that of `region` (the global one if empty). Fails with
/// credential.invalid if it cannot be one.
Result<std::string> sts_url(std::string given, std::string_view region);
/// AssumeRoleWithWebIdentity of STS API version 2011-06-15.
HttpCall assume_role_call(const std::string& url, std::string_view role, std::string_view session,
                          const Secret& token);
/// The answer of AssumeRoleWithWebIdentity, XML. Fails with credential.invalid.
Result<Issued> parse_sts_answer(const HttpReply& reply);
/// The answer of container and instance metadata endpoints, JSON. Fails with credential.invalid.
Result<Issued> parse_container_answer(const HttpReply& reply, std::string_view issuer);

}  // namespace weir::credential
