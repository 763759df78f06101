// SPDX-License-Identifier: Apache-2.0
#include "core/spec/branch_rules.h"

#include "core/spec/field_table.h"

#include <algorithm>
#include <array>

namespace orrery {

namespace {

/// Of model.*, which else decides the shapes of weights or what they mean.
constexpr std::array<std::string_view, 11> kFreeModelKeys = {"model.dropout",
                                                             "model.attention_dropout",
                                                             "model.stochastic_depth",
                                                             "model.window",
                                                             "model.rope_theta",
                                                             "model.rope_factor",
                                                             "model.rope_low_factor",
                                                             "model.rope_high_factor",
                                                             "model.rope_original_context",
                                                             "model.norm_eps",
                                                             "model.mask"};
constexpr std::array<std::string_view, 2> kFreeAttentionKeys = {"attention.modality_dropout",
                                                                "attention.z_loss"};
constexpr std::array<std::string_view, 3> kTokenKeys = {"data.tokenizer", "data.vocab_size",
                                                        "data.special_tokens"};

template <size_t N> bool isOneOf(const std::array<std::string_view, N> &keys, std::string_view key)
{
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

} // namespace

std::optional<BranchRule> branchRuleOf(const RunSpec &parent, std::string_view key)
{
    const std::string_view group = key.substr(0, key.find('.'));
    const std::string anew = "Leave it as it is, or start a new run with it.";
    if (key == "model.context") {
        if (parent.model.position != "learned") return std::nullopt;
        return BranchRule{"the same, as there is a learned position for each token of a context", anew};
    }
    if ((group == "model" && !isOneOf(kFreeModelKeys, key)) || group == "media" ||
        (group == "attention" && !isOneOf(kFreeAttentionKeys, key)))
        return BranchRule{"the same, as it decides shapes or meaning of the weights", anew};
    if (isOneOf(kTokenKeys, key))
        return BranchRule{"the same, as the weights know the tokens by their numbers", anew};
    // A branch has the parent's texts for as long as it, and more steps of the last one.
    if (key == "schedule.total_steps" && parent.continual.isOn())
        return BranchRule{"the same, as the texts of continual.stages share these steps",
                          "Leave it as it is and set train.steps, or start a new run with it."};
    if (group == "continual")
        return BranchRule{"the same, as what was kept of earlier stages belongs to them", anew};
    if (key == kUsePluginsKey)
        return BranchRule{"the same plugins, as they are parts of the model", anew};
    return std::nullopt;
}

std::vector<FieldProblem> findBranchProblems(const RunSpec &parent, const RunSpec &branch,
                                             const FieldTable &table)
{
    std::vector<FieldProblem> problems = findProblems(branch, table);
    if (problems.empty()) return problems;
    const std::vector<FieldProblem> before = findProblems(parent, table);
    std::erase_if(problems, [&before](const FieldProblem &problem) {
        return std::any_of(before.begin(), before.end(), [&problem](const FieldProblem &old) {
            return old.key == problem.key && old.error.message == problem.error.message;
        });
    });
    return problems;
}

} // namespace orrery
