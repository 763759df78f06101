// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/silence_notice.h"

#include "app/workbench/loss_text.h"
#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"

#include <QMessageBox>
#include <QPushButton>
#include <QtConcurrentRun>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {

SilenceNotice::SilenceNotice(MainWindow &window, RpcSession &session, Banner &banner, HostConnectOptions local, QObject *parent)
    : QObject(parent), m_window(window), m_session(session), m_banner(banner), m_local(std::move(local)),
      m_restart(banner.addButton(tr("Restart the engine…")))
{
    m_restart->setObjectName(u"restartEngine"_s);
    m_restart->setToolTip(tr("Ends the engine that hangs and starts another one. Trainings go on."));
    m_restart->hide();
    connect(m_restart, &QPushButton::clicked, this, &SilenceNotice::ask);
    connect(&session, &EngineSession::connectionChanged, this, &SilenceNotice::refresh);
}

/// Of another computer nothing can be ended from here.
bool SilenceNotice::isSilentHere() const
{
    return m_session.hostName().isEmpty() && m_session.connectionState() == ConnectionState::Lost && m_session.loss().isSilent;
}

void SilenceNotice::refresh()
{
    if (!isSilentHere()) {
        m_host.reset();
        m_restart->hide();
        if (m_question) m_question->close(); // what it asks is over
        return;
    }
    if (std::exchange(m_isLooking, true)) return;
    QtConcurrent::run([options = m_local] { return silentHost(options); }).then(this, [this](const std::optional<SilentHost> &host) {
        m_isLooking = false;
        take(host);
    });
}

void SilenceNotice::take(const std::optional<SilentHost> &host)
{
    if (!isSilentHere() || !host) return;
    m_host = host;
    const ConnectionLoss loss = m_session.loss();
    QString hint = m_session.lastError();
    // An attempt that failed has said it.
    if (!(loss.nextTry > 0)) hint += u' ' + fromStd(host->isReplaceable ? silenceReason(*host) : silenceHint(*host));
    m_restart->setVisible(host->isReplaceable);
    m_restart->setEnabled(!m_isEnding);
    if (m_banner.isVisibleTo(&m_window))
        m_banner.showMessage(BannerKind::Warning, silenceText(loss, {}), hint, loss.nextTry > 0 ? tr("Retry") : QString());
}

void SilenceNotice::ask()
{
    if (!m_host || m_question) return;
    m_question = new QMessageBox(QMessageBox::NoIcon, tr("Restart the engine"),
                                 tr("End the engine of this computer (process %1) and start another one?").arg(m_host->pid), QMessageBox::NoButton,
                                 &m_window);
    m_question->setObjectName(u"confirmRestart"_s);
    m_question->setAttribute(Qt::WA_DeleteOnClose);
    m_question->setTextFormat(Qt::PlainText);
    m_question->setInformativeText(tr("Trainings go on: each is a process of its own, and the new engine finds it. What the engine does itself ends: "
                                      "answers that are being written, imports and exports under way. What is saved stays."));
    auto *go = m_question->addButton(tr("Restart the engine"), QMessageBox::DestructiveRole);
    go->setObjectName(u"confirmRestartButton"_s);
    m_question->setDefaultButton(m_question->addButton(tr("Wait"), QMessageBox::RejectRole));
    connect(go, &QAbstractButton::clicked, this, &SilenceNotice::restart);
    m_question->open();
}

void SilenceNotice::restart()
{
    if (!m_host || !isSilentHere() || std::exchange(m_isEnding, true)) return;
    m_restart->setEnabled(false);
    QtConcurrent::run([host = *m_host, options = m_local] { return endSilentHost(host, options); }).then(this, [this](const Result<void> &ended) {
        m_isEnding = false;
        m_restart->setEnabled(true);
        if (!ended) return m_window.tell(ended.error());
        m_session.reconnect(); // which starts another one
    });
}

} // namespace orrery::ui
