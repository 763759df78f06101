// SPDX-License-Identifier: GPL-3.0-or-later
// The archive of prompt sessions, its dock, and the session that is open when the window comes back.
#include "app/workbench/main_window.h"

#include "app/workbench/stored_prompts.h"
#include "widgets/common/number_text.h"
#include "widgets/play/playground_panel.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/sessions_pane.h"

#include <QDockWidget>
#include <QFileInfo>
#include <QSettings>

#include <memory>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr auto kOldDraft = "play/draft"_L1; // of programs before the archive
constexpr auto kOpenSession = "play/session"_L1; // kept in main_window_place.cpp

} // namespace

/// Beside the settings.
void MainWindow::makeArchive()
{
    const QString folder = QFileInfo(m_settings.fileName()).absolutePath();
    m_prompts = new StoredPrompts(std::filesystem::path(toStd(folder)) / "prompts.db", this);
    m_play->setArchive(*m_prompts);
    connect(m_play->keeper(), &SessionKeeper::currentChanged, this, &MainWindow::scheduleSave);
}

QDockWidget *MainWindow::makeSessionsDock()
{
    m_sessions = new SessionsPane(*m_prompts, *m_play->keeper(), this);
    m_sessions->setTitle(QString()); // the dock's title bar says it
    m_sessions->setAccessibleName(tr("Prompt sessions"));
    connect(m_sessions, &SessionsPane::opened, this, [this] {
        if (m_layout != WindowLayout::Play) showLayout(WindowLayout::Play);
    });
    connect(m_sessions, &SessionsPane::newRequested, this, [this] {
        if (m_layout != WindowLayout::Play) showLayout(WindowLayout::Play);
        m_play->focusComposer();
    });
    return makeDock(tr("Prompt sessions"), u"sessionsDock"_s, m_sessions);
}

void MainWindow::restoreSession()
{
    SessionKeeper *keeper = m_play->keeper();
    const QString draft = m_settings.value(kOldDraft).toString();
    if (!draft.isEmpty() && m_play->restoreJson(draft)) {
        // It goes when the archive has all of it, and not before: a long one is kept in parts.
        const auto keeping = std::make_shared<QMetaObject::Connection>();
        *keeping = connect(keeper, &SessionKeeper::saved, this, [this, keeper, keeping] {
            if (!keeper->isKept()) return;
            m_settings.remove(kOldDraft);
            disconnect(*keeping);
        });
        return;
    }
    if (const qint64 session = m_settings.value(kOpenSession).toLongLong(); session > 0) keeper->restore(session);
}

} // namespace orrery::ui
