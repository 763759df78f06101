// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in the playground as one value, given and taken, and the archive that keeps it.
#include "widgets/play/playground_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_action.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/play/attachment_bar.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/generation_runner.h"
#include "widgets/play/manual_sampler.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/old_draft.h"
#include "widgets/play/prompt_edit.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/session_file.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/token_view.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QToolButton>
#include <QtConcurrentRun>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// What was pasted stands in no file, and a session is no place for it.
QStringList pathsOf(const std::vector<AttachmentPtr> &attachments)
{
    QStringList paths;
    for (const AttachmentPtr &attachment : attachments)
        if (!attachment->path.isEmpty()) paths << attachment->path;
    return paths;
}

} // namespace

SessionState PlaygroundPanel::state() const
{
    SessionState state;
    state.mode = mode();
    state.model = m_chooser->model();
    state.sampling = m_sampling->settings();
    state.isColored = m_view->isColored();
    state.isManual = m_sampling->isManual();
    state.showsMore = m_sampling->showsMore();
    state.seesWhole = m_sampling->wantsWhole();
    state.showsTokens = m_showTokens->isChecked();
    state.prompt = m_prompt->toPlainText();
    state.after = m_after->toPlainText();
    state.files = m_attachments->paths();
    // While a turn is edited, it is the one that was being written that is kept.
    const bool isEditing = m_conversation->editing() != ConversationPane::Editing::NewTurn;
    state.message = isEditing ? fromStd(m_messageAside.text) : m_message->toPlainText();
    state.messageFiles = isEditing ? pathsOf(m_messageAside.attachments) : m_messageAttachments->paths();
    state.versions = m_versions;
    state.shown = m_shown;
    state.turns = m_conversation->model()->turns();
    if (m_compare) state.columns = m_compare->columns();
    return state;
}

void PlaygroundPanel::setState(const SessionState &state)
{
    stop();
    m_conversation->cancelEditing();
    banner()->clear();
    m_sampling->setSettings(state.sampling);
    m_sampling->setShowsMore(state.showsMore);
    m_sampling->setWantsWhole(state.seesWhole);
    m_showTokens->setChecked(state.showsTokens);
    m_prompt->setPlainText(state.prompt);
    m_after->setPlainText(state.after);
    m_message->setPlainText(state.message);
    m_numDropped = state.numDroppedCharacters;
    m_attachments->setAttachments({});
    m_attachments->addFiles(state.files);
    m_messageAttachments->setAttachments({});
    m_messageAttachments->addFiles(state.messageFiles);
    m_conversation->restore(state.turns, state.numDroppedTurns);
    restoreVersions(state);
    if (!state.columns.empty()) ensureComparison();
    if (m_compare) m_compare->setColumns(state.columns);
    setMode(state.mode);
    m_color->setChecked(state.isColored);
    m_sampling->setManual(state.isManual);
    if (!state.model.isEmpty()) m_chooser->setModel(state.model);
    showMode();
    updateNote();
}

void PlaygroundPanel::restoreVersions(const SessionState &state)
{
    m_versions = state.versions;
    m_removed.clear();
    m_filling.reset();
    m_shown = -1;
    if (m_versions.empty())
        m_view->clear();
    else
        showVersion(std::clamp(state.shown, 0, numVersions() - 1));
}

/// When an answer is shown, and not of all that a session has. All answers of a file take what was read.
void PlaygroundPanel::readAskedFiles(const VersionPtr &version)
{
    for (const AttachmentPtr &unread : version->attachments) {
        if (!unread->isBeingRead || !m_asked.insert(unread).second) continue;
        QtConcurrent::run([unread] { return readAgain(unread); }).then(this, [this, unread](const AttachmentPtr &read) {
            m_asked.erase(unread);
            for (const VersionPtr &one : m_versions)
                std::replace(one->attachments.begin(), one->attachments.end(), unread, read);
            for (const RemovedVersion &removed : m_removed)
                std::replace(removed.version->attachments.begin(), removed.version->attachments.end(), unread, read);
            updateStatus();
        });
    }
}

QString PlaygroundPanel::sessionJson() const
{
    return QString::fromUtf8(ui::sessionJson(sessionSnapshot(state())));
}

bool PlaygroundPanel::restoreJson(const QString &json)
{
    const QByteArray bytes = json.toUtf8();
    const QJsonObject object = QJsonDocument::fromJson(bytes).object();
    if (object.isEmpty()) return false;
    if (object.contains("format"_L1)) {
        Result<SessionContent> content = readSessionJson(bytes, tr("session"));
        if (!content) return false;
        setState(ui::sessionState(std::move(*content)));
    } else {
        setState(oldDraftState(object));
    }
    if (m_keeper) m_keeper->adopt();
    return true;
}

void PlaygroundPanel::setArchive(PromptArchive &archive)
{
    const SessionDesk desk{[this] { return state(); }, [this](const SessionState &state) { setState(state); },
                           [this] { stop(); }};
    m_keeper = new SessionKeeper(archive, desk, this);
    connectKeeper();
    addPanelAction(*this, tr("New session"), "playNewSession", {Qt::CTRL | Qt::ALT | Qt::Key_N},
                   [this] { newSession(); });
}

void PlaygroundPanel::newSession()
{
    m_keeper->beginNew();
    focusComposer();
}

void PlaygroundPanel::focusComposer() { mainEditor()->setFocus(Qt::OtherFocusReason); }

void PlaygroundPanel::connectKeeper()
{
    connect(this, &PlaygroundPanel::draftChanged, m_keeper, &SessionKeeper::noteChange);
    connect(m_runner, &GenerationRunner::tokensCame, m_keeper, &SessionKeeper::noteChange);
    connect(m_runner, &GenerationRunner::changed, m_keeper, &SessionKeeper::noteChange);
    connect(m_manual, &ManualSampler::picked, m_keeper, &SessionKeeper::noteChange);
    connect(m_manual, &ManualSampler::tookBack, m_keeper, &SessionKeeper::noteChange);
    connect(m_keeper, &SessionKeeper::failed, this, [this](const Error &error) { banner()->showError(error); });
    connect(m_keeper, &SessionKeeper::parted, this, [this] {
        m_note->showMessage(BannerKind::Info,
                            tr("Another window changed or deleted this session: here it goes on as a session of its "
                               "own."));
    });
    connect(&m_keeper->archive(), &PromptArchive::told, this, [this](const QString &message, const QString &hint) {
        m_note->showMessage(BannerKind::Warning, message, hint);
    });
}

} // namespace orrery::ui
