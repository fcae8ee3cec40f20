/// The health check that gRPC servers speak: grpc.health.v1.Health/Check, one unary call.
///
/// The request has one field, the answer one (grpc/health/v1/health.proto), so both are written by
/// hand: field 1 is `string service` and `ServingStatus status`. A message stands behind a byte
/// that says whether it is compressed and its length in four bytes (gRPC over HTTP/2, "Length-
/// Prefixed-Message"); protobuf's encoding: protobuf.dev/programming-guides/encoding. Pure; any
/// thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::proxy {

inline constexpr std::string_view kGrpcHealthPath = "/grpc.health.v1.Health/Check";
inline constexpr uint64_t kGrpcServing = 1;  ///< ServingStatus SERVING

/// The body that asks about `service`; empty: about the server.
std::string grpc_health_question(std::string_view service);

/// The status in a body; nothing if it is not one whole uncompressed answer. Fields that are not
/// known are passed over; of several statuses the last one counts; none is 0 (UNKNOWN).
std::optional<uint64_t> grpc_health_answer(std::string_view body);

/// "0" of "grpc-status: 0\r\n…": a field of trailers, which are lines; empty if it is not there.
std::string_view trailer_value(std::string_view trailers, std::string_view name);

}  // namespace weir::proxy
