// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/checkpoint_manifest.h"

#include "core/base/checked.h"
#include "core/base/text.h"
#include "core/tensorfile/safetensors_format.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace orrery {

namespace {

using Json = nlohmann::json;

constexpr const char *kFormat = "orrery-checkpoint/1";
constexpr std::string_view kSealHead = ",\n  \"manifest_sha256\": \"";
constexpr std::string_view kSealTail = "\"\n}\n";
constexpr size_t kHashLength = 64;

bool isSha256(const std::string &text)
{
    return text.size() == kHashLength && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

/// JSON has no NaN and no infinities: null and two words stand for them.
Json lossToJson(double value)
{
    if (std::isnan(value)) return nullptr;
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}

std::optional<double> lossFromJson(const Json &value)
{
    if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (value == "inf") return std::numeric_limits<double>::infinity();
    if (value == "-inf") return -std::numeric_limits<double>::infinity();
    if (value.is_number()) return value.get<double>();
    return std::nullopt;
}

/// Reads typed members and remembers the first one that is missing or of another type.
class Fields {
public:
    std::string problem;

    std::string text(const Json &object, const char *key)
    {
        const Json *value = member(object, key);
        if (value && value->is_string()) return value->get<std::string>();
        note(key, "a text");
        return {};
    }
    std::string hash(const Json &object, const char *key)
    {
        std::string value = text(object, key);
        if (!isSha256(value)) note(key, "64 hexadecimal digits");
        return value;
    }
    uint64_t count(const Json &object, const char *key)
    {
        const Json *value = member(object, key);
        if (value && value->is_number_unsigned()) return value->get<uint64_t>();
        note(key, "a whole number from 0");
        return 0;
    }
    const Json &object(const Json &parent, const char *key)
    {
        return typed(parent, key, Json::value_t::object, "an object");
    }
    const Json &array(const Json &parent, const char *key)
    {
        return typed(parent, key, Json::value_t::array, "a list");
    }
    void note(const std::string &key, const std::string &rule)
    {
        if (problem.empty()) problem = "field \"" + shownName(key) + "\" is missing or not " + rule;
    }

private:
    static const Json *member(const Json &object, const char *key)
    {
        const auto found = object.is_object() ? object.find(key) : object.end();
        return object.is_object() && found != object.end() ? &*found : nullptr;
    }
    const Json &typed(const Json &parent, const char *key, Json::value_t type, const char *rule)
    {
        static const Json kNone;
        const Json *value = member(parent, key);
        if (value && value->type() == type) return *value;
        note(key, rule);
        return kNone;
    }
};

FullManifest readFields(const Json &root, Fields &fields)
{
    FullManifest manifest;
    if (fields.text(root, "format") != kFormat) fields.note("format", std::string("\"") + kFormat + "\"");
    const uint64_t step = fields.count(root, "step");
    if (step > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) fields.note("step", "a step");
    manifest.shown.step = static_cast<int64_t>(step);
    manifest.shown.specDigest = fields.text(root, "spec_digest");
    const auto loss = root.contains("val_loss") ? lossFromJson(root["val_loss"]) : std::nullopt;
    if (!loss) fields.note("val_loss", "a number or null");
    manifest.shown.valLoss = loss.value_or(0);
    if (root.contains("wall_time") && root["wall_time"].is_number())
        manifest.shown.wallTime = root["wall_time"].get<double>();
    else
        fields.note("wall_time", "a number");
    const Json &state = fields.object(root, "state");
    manifest.stateBytes = fields.count(state, "bytes");
    manifest.shown.stateSha256 = fields.hash(state, "sha256");
    uint64_t total = manifest.stateBytes;
    const Json &files = fields.object(root, "files");
    for (const auto &[name, file] : files.items()) {
        if (!isCheckpointFileName(name)) fields.note(name, "a plain file name");
        auto &record = manifest.files[name];
        record.numBytes = fields.count(file, "bytes");
        record.headerSha256 = fields.hash(file, "header_sha256");
        const auto sum = checkedAdd(total, record.numBytes);
        if (!sum) fields.note("bytes", "a size of a file");
        total = sum.value_or(0);
        auto &tensors = manifest.shown.files[name];
        for (const Json &tensor : fields.array(file, "tensors"))
            tensors.push_back(
                {fields.text(tensor, "name"), fields.hash(tensor, "sha256"), fields.count(tensor, "bytes")});
        if (!fields.problem.empty()) break;
    }
    manifest.shown.numBytes = total;
    return manifest;
}

} // namespace

bool isCheckpointFileName(const std::string &name)
{
    const bool plain = !name.empty() && name.size() <= 200 && name[0] != '.' &&
                       std::all_of(name.begin(), name.end(),
                                   [](unsigned char c) { return c > 0x20 && c != '/' && c != 0x7f; });
    return plain && isValidUtf8(name) && name != kManifestFile && name != kStateFile;
}

std::string manifestToText(const FullManifest &manifest)
{
    nlohmann::ordered_json root;
    root["format"] = kFormat;
    root["step"] = static_cast<uint64_t>(manifest.shown.step);
    root["wall_time"] = manifest.shown.wallTime;
    root["val_loss"] = lossToJson(manifest.shown.valLoss);
    root["spec_digest"] = manifest.shown.specDigest;
    root["state"] = {{"bytes", manifest.stateBytes}, {"sha256", manifest.shown.stateSha256}};
    nlohmann::ordered_json files = nlohmann::ordered_json::object();
    for (const auto &[name, record] : manifest.files) {
        nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
        if (const auto found = manifest.shown.files.find(name); found != manifest.shown.files.end())
            for (const TensorDigest &tensor : found->second)
                tensors.push_back(
                    {{"name", tensor.name}, {"bytes", tensor.numBytes}, {"sha256", tensor.sha256}});
        files[name] = {{"bytes", record.numBytes},
                       {"header_sha256", record.headerSha256},
                       {"tensors", std::move(tensors)}};
    }
    root["files"] = std::move(files);

    std::string text = root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    text.resize(text.size() - 2); // "\n}": the seal follows inside the object
    const std::string hash = sha256Hex(text);
    text.append(kSealHead).append(hash).append(kSealTail);
    return text;
}

Result<FullManifest> manifestFromText(const std::filesystem::path &path, const std::string &text)
{
    auto refuse = [&path](const std::string &found, const std::string &rule) {
        return fileRuleError("read checkpoint manifest", path, found, rule,
                             "This checkpoint is damaged. Use the one before it.");
    };
    const size_t sealLength = kSealHead.size() + kHashLength + kSealTail.size();
    if (text.size() <= sealLength)
        return refuse("it has " + std::to_string(text.size()) + " bytes", "a whole manifest");
    const std::string_view body(text.data(), text.size() - sealLength);
    const std::string_view seal = std::string_view(text).substr(body.size());
    const std::string_view hash = seal.substr(kSealHead.size(), kHashLength);
    if (!seal.starts_with(kSealHead) || !seal.ends_with(kSealTail))
        return refuse("it does not end with its own SHA-256", "a whole manifest");
    if (const std::string found = sha256Hex(body); found != hash)
        return refuse("its text has the SHA-256 " + found, shownName(hash));

    const Json root = Json::parse(text, nullptr, false);
    if (root.is_discarded() || !root.is_object()) return refuse("it is not a JSON object", "one");
    Fields fields;
    FullManifest manifest = readFields(root, fields);
    if (!fields.problem.empty())
        return refuse(fields.problem, "a manifest of format " + std::string(kFormat));
    return manifest;
}

} // namespace orrery
