// SPDX-License-Identifier: GPL-3.0-or-later
// What `orrery-engine doctor` finds on this computer, check by check: the program beside this one is asked, so that window and
// terminal say the same. Nothing waits; the answer to cancel() comes at once. GUI thread only.
#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QObject>
#include <QString>

#include <filesystem>
#include <memory>

class QProcess;
class QTimer;

namespace orrery::ui {

struct DoctorCheck {
    enum class State : uint8_t { Good, Note, Bad };
    QString name; ///< "worker"
    State state = State::Good;
    QString text; ///< what was found
    QString hint; ///< what to do; empty: nothing
};

class DoctorChecks : public QObject {
    Q_OBJECT
public:
    static constexpr int kTimeoutMs = 120'000; ///< LibTorch is loaded once, from a slow disk

    /// @param program orrery-engine
    explicit DoctorChecks(std::filesystem::path program, QObject *parent = nullptr);
    ~DoctorChecks() override; ///< ends the program
    void start();             ///< anew, whatever was under way
    void cancel();
    [[nodiscard]] bool isRunning() const { return m_process != nullptr; }

Q_SIGNALS:
    void found(const orrery::ui::DoctorCheck &check, int number, int of); ///< the number-th of `of`
    void finished();
    void failed(const orrery::Error &error); ///< what was found before stands

private:
    void read();
    void take(const QByteArray &line);
    void end(int exitCode, bool hasCrashed);
    void fail(const QString &message, const QString &hint);
    void drop();

    std::filesystem::path m_program;
    QProcess *m_process = nullptr;
    QTimer *m_timer;
    QByteArray m_rest;
    int m_number = 0, m_of = 0;
};

} // namespace orrery::ui
