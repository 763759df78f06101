// SPDX-License-Identifier: Apache-2.0
#include "core/store/lineage.h"

#include "core/store/catalogue.h"
#include "core/store/run_directory.h"

#include <nlohmann/json.hpp>

namespace orrery {

namespace {

constexpr size_t kMaxAncestors = 64;

} // namespace

nlohmann::json branchToJson(const BranchOrigin &origin)
{
    return {{"run", origin.run},
            {"step", origin.step},
            {"spec_digest", origin.specDigest},
            {"changed", origin.changedKeys},
            {"optimizer_from", origin.optimizerFrom}};
}

std::optional<BranchOrigin> branchFromJson(const nlohmann::json &json)
{
    if (!json.is_object()) return std::nullopt;
    BranchOrigin origin;
    for (const auto &[key, value] : json.items()) {
        if (key == "run" && value.is_string()) origin.run = value.get<std::string>();
        if (key == "step" && value.is_number_integer()) origin.step = value.get<int64_t>();
        if (key == "spec_digest" && value.is_string()) origin.specDigest = value.get<std::string>();
        if (key == "optimizer_from" && value.is_number_integer()) origin.optimizerFrom = value.get<int64_t>();
        if (key != "changed" || !value.is_array()) continue;
        for (const nlohmann::json &changed : value)
            if (changed.is_string()) origin.changedKeys.push_back(changed.get<std::string>());
    }
    if (origin.run.empty() || origin.step < 0 || origin.optimizerFrom < 0) return std::nullopt;
    return origin;
}

std::vector<Ancestor> ancestorsOf(const BranchOrigin &origin, const Catalogue &catalogue)
{
    std::vector<Ancestor> ancestors;
    std::optional<BranchOrigin> next = origin;
    while (next && ancestors.size() < kMaxAncestors) {
        Ancestor ancestor{next->run, next->step, {}};
        next.reset();
        if (const auto path = catalogue.resolve(ancestor.id)) {
            const auto run = RunDirectory::open(*path);
            // A name or the beginning of another id is no relation.
            if (run && run->frozen().id == ancestor.id) {
                ancestor.directory = *path;
                next = run->frozen().branch;
            }
        }
        ancestors.push_back(std::move(ancestor));
    }
    return ancestors;
}

} // namespace orrery
