/// What differs between two configurations, by object and field; never a value.
///
/// A Fingerprint keeps, for each object, its fields with a hash of what was written there, so that
/// a reload can say what it changed without keeping the old text, or showing a Secret. The hashes
/// are compared inside one process only and never leave it. Threads: plain values.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/object.h"

namespace weir::config {

/// Field paths ("spec.rules[0].weight") of one object, each with the hash of its value.
using FieldHashes = std::map<std::string, uint64_t>;
/// "Kind/namespace/name" → its fields.
using Fingerprint = std::map<std::string, FieldHashes>;

struct Change {
    enum class What { added, removed, changed };
    What what = What::changed;
    std::string object;               ///< "AIGatewayRoute/default/agents"
    std::vector<std::string> fields;  ///< of a changed object: what was added, removed or changed
};

/// Adds one object.
void add_to(Fingerprint& fingerprint, const Object& object);
/// Adds a value that an object took from elsewhere, such as a file an annotation names.
void add_value(Fingerprint& fingerprint, const std::string& object, std::string field,
               std::string_view value);

/// In the order of object names; fields in order too.
std::vector<Change> changes(const Fingerprint& before, const Fingerprint& after);

/// "+ Kind/ns/name", "- Kind/ns/name", "~ Kind/ns/name: field, field and 3 more".
std::string to_string(const Change& change);

}  // namespace weir::config
