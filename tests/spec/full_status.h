// SPDX-License-Identifier: Apache-2.0
// A status in which every field says something, and which fields of two of them differ. A new field of
// RunStatus does not compile until it stands here.
#pragma once

#include "core/spec/run_records.h"

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

namespace orrery::test {

/// Calls `visit(name, field)` for each field.
template <typename Status, typename Visit> void visitStatus(Status &status, const Visit &visit)
{
    auto &[id, name, directory, state, step, totalSteps, attempt, createdAt, lastReportAt, elapsedSeconds,
           loss, valLoss, bestValLoss, learningRate, gradNorm, tokensPerSecond, viewerPercent, memoryBytes,
           numParameters, device, threads, error, lastCheckpointStep, trainerWaits, diskWaits, numViewers,
           lastFrameId, breakpoints, pauseReason, pauseSeries, parent, parentStep, labels, alarms] = status;
    visit("id", id);
    visit("name", name);
    visit("directory", directory);
    visit("state", state);
    visit("step", step);
    visit("totalSteps", totalSteps);
    visit("attempt", attempt);
    visit("createdAt", createdAt);
    visit("lastReportAt", lastReportAt);
    visit("elapsedSeconds", elapsedSeconds);
    visit("loss", loss);
    visit("valLoss", valLoss);
    visit("bestValLoss", bestValLoss);
    visit("learningRate", learningRate);
    visit("gradNorm", gradNorm);
    visit("tokensPerSecond", tokensPerSecond);
    visit("viewerPercent", viewerPercent);
    visit("memoryBytes", memoryBytes);
    visit("numParameters", numParameters);
    visit("device", device);
    visit("threads", threads);
    visit("error", error);
    visit("lastCheckpointStep", lastCheckpointStep);
    visit("trainerWaits", trainerWaits);
    visit("diskWaits", diskWaits);
    visit("numViewers", numViewers);
    visit("lastFrameId", lastFrameId);
    visit("breakpoints", breakpoints);
    visit("pauseReason", pauseReason);
    visit("pauseSeries", pauseSeries);
    visit("parent", parent);
    visit("parentStep", parentStep);
    visit("labels", labels);
    visit("alarms", alarms);
}

inline RunStatus fullStatus()
{
    RunStatus status;
    status.id = "run-7";
    status.name = "a \"name\"";
    status.directory = "/somewhere/run-7";
    status.state = RunState::Paused;
    status.step = int64_t{1} << 40;
    status.totalSteps = (int64_t{1} << 40) + 5;
    status.attempt = 3;
    status.createdAt = 1.25;
    status.lastReportAt = 2.25;
    status.elapsedSeconds = 3.25;
    status.loss = std::numeric_limits<double>::infinity();
    status.valLoss = 0.1;
    status.bestValLoss = -std::numeric_limits<double>::infinity();
    status.learningRate = 1e-3;
    status.gradNorm = 0.7;
    status.tokensPerSecond = 12'345.5;
    status.viewerPercent = 0.3;
    status.memoryBytes = std::numeric_limits<uint64_t>::max();
    status.numParameters = 7;
    status.device = "cuda";
    status.threads = 2;
    status.error = "it broke\n";
    status.lastCheckpointStep = 12;
    status.trainerWaits = 9;
    status.diskWaits = 11;
    status.numViewers = 4;
    status.lastFrameId = 31;
    status.breakpoints = {"loss > 4", "memory > 0.5"};
    status.pauseReason = "loss > 4: loss was 4.312";
    status.pauseSeries = "loss";
    status.parent = "run-6";
    status.parentStep = 500;
    status.labels = {.tags = {"good", "old"}, .notes = "# why\nso", .isArchived = true};
    status.alarms = {{AlarmKind::Spike, 7, 1.5, "loss", "The loss jumped."},
                     {AlarmKind::DiskFull, 9, 2.5, "", "There is no room."}};
    return status;
}

inline bool isSameValue(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
template <typename T> bool isSameValue(const T &a, const T &b) { return a == b; }

/// Names of the fields that differ, " step loss". Empty: none
inline std::string statusDifferences(const RunStatus &one, const RunStatus &other)
{
    std::string names;
    visitStatus(one, [&](const std::string &name, const auto &value) {
        visitStatus(other, [&](const std::string &otherName, const auto &otherValue) {
            if constexpr (std::is_same_v<decltype(value), decltype(otherValue)>)
                if (name == otherName && !isSameValue(value, otherValue)) names += ' ' + name;
        });
    });
    return names;
}

} // namespace orrery::test
