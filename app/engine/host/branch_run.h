// SPDX-License-Identifier: Apache-2.0
// A new run that begins with a checkpoint of another one, with settings changed: made from files alone,
// without the worker. Used by `branch` and by the host. Any thread.
//
// What goes over: the weights; the optimizer's moments, unless the branch has another optimizer; the step,
// which counts on; settings that were changed while the parent trained, unless the branch sets the same ones.
// Batches are a function of data, seed and step, so a branch that changes none of them reads what the parent
// would have read next; with other data or another seed the first batch is the one of that step there, and
// documents may have been on the other side of the split. Spec: the parent's frozen one with the changes;
// where train.steps is changed, so is a schedule.total_steps that was equal to it.
#pragma once

#include "app/engine/host/create_run.h"
#include "core/base/result.h"
#include "core/spec/field_table.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"

#include <filesystem>
#include <functional>
#include <string>

namespace orrery {

struct BranchPlan {
    int64_t step = 0;
    /// Sets what differs from the parent's spec, which the builder holds.
    std::function<Result<void>(SpecBuilder &)> change;
    std::string name;                ///< empty: "<parent>-from-<step>"
    std::filesystem::path directory; ///< empty: in the catalogue's runs
};

/// Where settings of plugins are changed, a worker builds the model: a branch whose weights would be others is not made.
/// @error NotFound (no such checkpoint; those that are there are named), InvalidInput (a setting that a
/// branch cannot change, a value out of range, no step left to train; a damaged checkpoint), Conflict
/// (imported run; the folder is taken), Io
Result<RunDirectory> branchRun(const Catalogue &catalogue, const RunDirectory &parent,
                               const BranchPlan &plan);

/// Whether a branch may change a setting of a spec. @param step of the checkpoint, for the message
/// @error InvalidInput naming key, value and rule
Result<void> checkBranchChange(const RunSpec &parent, const std::string &run, int64_t step,
                               const std::string &key, const std::string &before, const std::string &now);

} // namespace orrery
