// SPDX-License-Identifier: Apache-2.0
#include "core/train/loop_state.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace orrery {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no NaN: null stands for it.
Json finiteOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
double numberOrNan(const Json &json)
{
    return json.is_number() ? json.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

} // namespace

std::string loopStateToJson(const LoopState &state)
{
    Json changes = Json::array();
    for (const LoggedChange &change : state.changes)
        changes.push_back(
            {{"id", change.id}, {"step", change.step}, {"key", change.key}, {"value", change.value}});
    Json root = {{"state_version", kLoopStateVersion},
                 {"step", state.step},
                 {"total_steps", state.totalSteps},
                 {"rng", {{"generator", "philox4x32-10"}, {"seed", state.seed}, {"step", state.step}}},
                 {"data", {{"next_step", state.step}, {"identities", state.data}}},
                 {"elapsed_seconds", state.elapsedSeconds},
                 {"val_loss", finiteOrNull(state.valLoss)},
                 {"val_step", state.valStep},
                 {"best_val_loss", finiteOrNull(state.bestValLoss)},
                 {"best_step", state.bestStep},
                 {"patience",
                  {{"best", finiteOrNull(state.patience.best)}, {"without_better", state.patience.numWithoutBetter}}},
                 {"settings", changes}};
    if (!state.stageLosses.empty()) {
        Json rows = Json::array();
        for (const auto &row : state.stageLosses) {
            rows.push_back(Json::array());
            for (const double loss : row) rows.back().push_back(finiteOrNull(loss));
        }
        root["stage_losses"] = rows;
    }
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<LoopState> loopStateFromJson(const std::string &text, const std::string &origin)
{
    const auto refuse = [&origin](const std::string &found, const std::string &expected) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot resume from \"" + origin + "\": state.json " + found + ", expected " + expected +
                         ".",
                     "Resume from an earlier checkpoint, or with the program that wrote this one."};
    };
    try {
        const Json root = Json::parse(text);
        const int version = root.at("state_version").get<int>();
        if (version > kLoopStateVersion)
            return refuse("has version " + std::to_string(version),
                          "version " + std::to_string(kLoopStateVersion) + " or older");
        LoopState state;
        state.step = root.at("step").get<int64_t>();
        state.totalSteps = root.value("total_steps", int64_t{0});
        state.seed = root.at("rng").at("seed").get<uint64_t>();
        state.elapsedSeconds = root.at("elapsed_seconds").get<double>();
        state.valLoss = numberOrNan(root.at("val_loss"));
        state.valStep = root.at("val_step").get<int64_t>();
        state.bestValLoss = numberOrNan(root.at("best_val_loss"));
        state.bestStep = root.at("best_step").get<int64_t>();
        if (const auto patience = root.find("patience"); patience != root.end() && patience->is_object()) {
            state.patience.best = numberOrNan(patience->at("best"));
            state.patience.numWithoutBetter = patience->at("without_better").get<int64_t>();
        }
        for (const Json &change : root.at("settings"))
            state.changes.push_back({change.at("id").get<std::string>(), change.at("step").get<int64_t>(),
                                     change.at("key").get<std::string>(),
                                     change.at("value").get<std::string>()});
        if (const auto data = root.find("data"); data != root.end() && data->is_object())
            state.data = data->value("identities", state.data);
        for (const Json &row : root.value("stage_losses", Json::array())) {
            state.stageLosses.emplace_back();
            for (const Json &loss : row) state.stageLosses.back().push_back(numberOrNan(loss));
        }
        if (state.step < 0) return refuse("has step " + std::to_string(state.step), "0 or more");
        return state;
    } catch (const nlohmann::json::exception &problem) {
        return refuse(std::string("is not readable (") + problem.what() + ")",
                      "the state of a training loop");
    }
}

} // namespace orrery
