// SPDX-License-Identifier: Apache-2.0
// Real workers on tiny runs: makes runs in a temporary folder, starts orrery-worker on them with a home of
// their own, and reads what they left behind.
#pragma once

#include "core/spec/run_records.h"

#include <QProcess>
#include <QTemporaryDir>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orrery::test {

/// The longest wait for anything that a worker does; no test waits so long when all is well.
inline constexpr int kPatienceMs = 240'000;

/// Loss of every step that is not superseded, and of the superseded ones.
struct RunCurve {
    std::map<int64_t, double> current;
    std::multimap<int64_t, double> superseded;
};

struct JsonLine;

class WorkerFixture {
public:
    WorkerFixture();

    /// A run of 1 layer × 32 with context 32, dropout, evaluation, samples and checkpoints every few steps.
    /// @param settings "key=value" over that
    std::filesystem::path makeRun(const std::string &name,
                                  const std::vector<std::string> &settings = {}) const;

    /// Not started yet: arguments and environment are set.
    std::unique_ptr<QProcess> worker(const std::vector<std::string> &arguments) const;
    /// Runs to the end. @return exit code, -1 for a signal
    int runWorker(const std::vector<std::string> &arguments, std::string *output = nullptr,
                  std::string *errors = nullptr) const;
    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }
    [[nodiscard]] QProcessEnvironment environment() const;

private:
    QTemporaryDir m_folder;
};

/// Fails the process when the run cannot be read: no kill may leave such a run.
RunCurve readCurve(const std::filesystem::path &run);
RunStatus readStatus(const std::filesystem::path &run);
std::vector<RunEvent> readEvents(const std::filesystem::path &run);
bool isOwned(const std::filesystem::path &run);

/// Starts a worker and waits until it printed a line about `step` or a later one (--display json is added).
std::unique_ptr<QProcess> startAndWaitForStep(const WorkerFixture &fixture, const std::filesystem::path &run,
                                              int64_t step, const std::vector<std::string> &arguments = {});

} // namespace orrery::test
