// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/doctor_checks.h"

#include "widgets/common/number_text.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTimer>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMaxLineBytes = 64 * 1024;
constexpr int kMaxChecks = 200;
constexpr qsizetype kMaxShownLetters = 300;

} // namespace

DoctorChecks::DoctorChecks(std::filesystem::path program, QObject *parent)
    : QObject(parent), m_program(std::move(program)), m_timer(new QTimer(this))
{
    m_timer->setSingleShot(true);
    connect(m_timer, &QTimer::timeout, this, [this] {
        fail(tr("The checks did not end within %1 s, expected a few seconds.").arg(kTimeoutMs / 1000),
             tr("A disk or a driver may hang. In a terminal, orrery-engine doctor shows which check it is."));
    });
}

DoctorChecks::~DoctorChecks() { drop(); }

void DoctorChecks::start()
{
    drop();
    m_rest.clear();
    m_number = m_of = 0;
    m_process = new QProcess(this);
    connect(m_process, &QProcess::readyReadStandardOutput, this, &DoctorChecks::read);
    connect(m_process, &QProcess::finished, this, [this](int exitCode, QProcess::ExitStatus status) {
        read();
        end(exitCode, status == QProcess::CrashExit);
    });
    connect(m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error != QProcess::FailedToStart) return; // finished() tells the others
        fail(tr("Cannot check this computer: “%1” does not start (%2).").arg(QString::fromStdString(m_program.string()), m_process->errorString()),
             tr("Install Orrery again, or in a checkout build it again with ./run --build."));
    });
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.remove(u"ORRERY_HOST"_s); // the checks are of this computer, whatever the terminal works with
    m_process->setProcessEnvironment(environment);
    m_process->setProgram(QString::fromStdString(m_program.string()));
    m_process->setArguments({u"doctor"_s, u"--json"_s, u"--each"_s});
    m_process->setStandardInputFile(QProcess::nullDevice());
    m_timer->start(kTimeoutMs);
    m_process->start();
}

void DoctorChecks::cancel() { drop(); }

/// Of a program that is let go of nothing is heard any more.
void DoctorChecks::drop()
{
    m_timer->stop();
    if (!m_process) return;
    QProcess *process = std::exchange(m_process, nullptr);
    process->disconnect(this);
    process->setParent(nullptr);
    connect(process, &QProcess::finished, process, &QObject::deleteLater);
    if (process->state() == QProcess::NotRunning)
        process->deleteLater();
    else
        process->kill();
}

void DoctorChecks::fail(const QString &message, const QString &hint)
{
    drop();
    Q_EMIT failed({ErrorCode::Unavailable, toStd(message), toStd(hint)});
}

void DoctorChecks::read()
{
    if (!m_process) return;
    m_rest += m_process->readAllStandardOutput();
    for (qsizetype end = m_rest.indexOf('\n'); end >= 0 && m_process; end = m_rest.indexOf('\n')) {
        const QByteArray line = m_rest.left(end);
        m_rest.remove(0, end + 1);
        take(line);
    }
    if (m_process && m_rest.size() > kMaxLineBytes)
        fail(tr("Cannot read what orrery-engine doctor says: a line has more than %1 bytes.").arg(kMaxLineBytes),
             tr("It may be of another version. Install Orrery again."));
}

void DoctorChecks::take(const QByteArray &line)
{
    const QJsonObject json = QJsonDocument::fromJson(line).object();
    const QString state = json.value("state"_L1).toString(), name = json.value("check"_L1).toString();
    const bool isKnown = state == u"good" || state == u"note" || state == u"bad";
    if (name.isEmpty() || !isKnown || m_number >= kMaxChecks)
        return fail(tr("Cannot read what orrery-engine doctor says: found “%1”, expected one check a line.")
                        .arg(QString::fromUtf8(line).left(kMaxShownLetters)),
                    tr("It may be of another version. Install Orrery again."));
    DoctorCheck check;
    check.name = name;
    check.state = state == u"good" ? DoctorCheck::State::Good : state == u"note" ? DoctorCheck::State::Note : DoctorCheck::State::Bad;
    check.text = json.value("text"_L1).toString();
    check.hint = json.value("hint"_L1).toString();
    m_of = std::max(json.value("of"_L1).toInt(), ++m_number);
    Q_EMIT found(check, m_number, m_of);
}

void DoctorChecks::end(int exitCode, bool hasCrashed)
{
    if (!m_process) return;
    const QString said = QString::fromUtf8(m_process->readAllStandardError()).simplified().left(kMaxShownLetters);
    // It fails, too, where a check is bad.
    if (!hasCrashed && m_number > 0 && m_number == m_of) {
        drop();
        Q_EMIT finished();
        return;
    }
    fail(hasCrashed ? tr("The checks ended before the last one: orrery-engine crashed behind %1 of %2. %3").arg(m_number).arg(m_of).arg(said)
                    : tr("The checks ended before the last one (exit status %1, %2 of %3). %4").arg(exitCode).arg(m_number).arg(m_of).arg(said),
         tr("Run orrery-engine doctor in a terminal to see more."));
}

} // namespace orrery::ui
