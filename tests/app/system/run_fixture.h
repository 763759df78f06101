// SPDX-License-Identifier: Apache-2.0
// Real programs in a home of their own: a host, small deterministic runs, and their losses as the store has them.
#pragma once

#include "core/base/result.h"
#include "core/rpc/client.h"

#include <QProcess>
#include <QString>
#include <QTemporaryDir>

#include <map>
#include <memory>

namespace orrery::test {

/// The longest wait for anything that the programs do; no test waits so long when all is well.
inline constexpr int kPatienceMs = 600'000;

/// Loss per step, last writer wins; compared as bits.
using Losses = std::map<int64_t, double>;

class System {
public:
    System();
    ~System(); ///< ends the host and every worker that the test left

    [[nodiscard]] QString path(const QString &name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString hostSocket() const { return path(QStringLiteral("host.sock")); }
    [[nodiscard]] QProcessEnvironment environment() const;
    /// Starts `program` of the build's bin folder.
    std::unique_ptr<QProcess> start(const QString &program, const QStringList &arguments) const;

    /// Starts a host and waits until it answers.
    std::unique_ptr<QProcess> startHost() const;
    /// Of the host; fails at once when nobody listens, and waits for one that has no core.
    [[nodiscard]] Result<EngineClient> client() const;

    /// Spec of a run that takes about a millisecond a step on one thread, with checkpoints and evaluations under way.
    [[nodiscard]] QByteArray specJson(int numSteps) const;
    /// Trains in the foreground without anybody watching.
    Losses trainAlone(const QString &name, int numSteps) const;
    [[nodiscard]] static Losses readLosses(const QString &runDirectory);

private:
    QTemporaryDir m_folder;
};

/// True under `./test --slow`.
bool isSlow();
/// Number of steps whose bits differ or that one side lacks.
int countDifferences(const Losses &a, const Losses &b);

} // namespace orrery::test
