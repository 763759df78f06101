// SPDX-License-Identifier: Apache-2.0
#include "core/store/begun_from.h"

#include "core/base/files.h"

#include <nlohmann/json.hpp>

namespace orrery {

namespace {

constexpr uint64_t kMaxBytes = uint64_t{64} << 10;

} // namespace

Result<void> writeBegunFrom(const std::filesystem::path &runDirectory, const std::string &model)
{
    const nlohmann::json json = {{"model", model}};
    return writeFileAtomically(runDirectory / kBegunFromFile,
                               json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::optional<std::string> readBegunFrom(const std::filesystem::path &runDirectory)
{
    const auto text = readFile(runDirectory / kBegunFromFile, kMaxBytes);
    if (!text) {
        if (text.error().code == ErrorCode::NotFound) return std::nullopt;
        return std::string();
    }
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    if (!json.is_object()) return std::string();
    const auto model = json.find("model");
    return model != json.end() && model->is_string() ? model->get<std::string>() : std::string();
}

} // namespace orrery
