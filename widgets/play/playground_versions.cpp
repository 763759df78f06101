// SPDX-License-Identifier: GPL-3.0-or-later
// Versions in the playground: the tree of them, branches, and answers that a person chooses token by token.
#include "widgets/play/playground_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/play/branching.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/generation_runner.h"
#include "widgets/play/manual_sampler.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"
#include "widgets/play/version_tree.h"
#include "widgets/play/version_view.h"

#include <QMenu>
#include <QSplitter>
#include <QTimer>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxMenuCandidates = 10;
constexpr size_t kMaxRemoved = 50;

} // namespace

bool PlaygroundPanel::isChoosing() const { return m_manual->isActive() && m_manual->version() == shown(); }

PlaygroundPanel::TokenPlace PlaygroundPanel::currentPlace() const
{
    if (isConversation()) {
        const ConversationView *view = m_conversation->view();
        const int row = view->tokenTurn();
        if (row < 0) return {};
        return {m_conversation->model()->turn(row).version(), view->currentToken(), row};
    }
    if (isComparing()) {
        const SideColumn *column = m_compare->current();
        const int token = column->view()->currentToken();
        return token < 0 || !column->version() ? TokenPlace{} : TokenPlace{column->version(), token, -1};
    }
    const int token = m_view->currentToken();
    return token < 0 || !shown() ? TokenPlace{} : TokenPlace{shown(), token, -1};
}

PlaygroundPanel::TokenPlace PlaygroundPanel::lastPlace() const
{
    const int row = isConversation() ? m_conversation->answerRow() : -1;
    if (isConversation() && row < 0) return {};
    const VersionPtr version = isConversation() ? m_conversation->model()->turn(row).version()
                               : isComparing()  ? m_compare->current()->version()
                                                : shown();
    if (!version || version->tokens.empty()) return {};
    return {version, static_cast<int>(version->tokens.size()) - 1, row};
}

void PlaygroundPanel::connectBranching()
{
    connect(m_candidates, &CandidateView::chosen, this,
            [this](const TokenAlternative &candidate, bool isTaken) {
                if (m_candidates->isProposal())
                    m_manual->pick(candidate);
                else if (isTaken)
                    goOnFromHere();
                else
                    branch(candidate);
            });
    connect(m_candidates, &CandidateView::lookInsideRequested, this, &PlaygroundPanel::lookInside);
    connect(m_view, &TokenView::entered, m_candidates, &CandidateView::focusList);
    connect(m_conversation->view(), &ConversationView::entered, m_candidates, &CandidateView::focusList);
    connect(m_view, &TokenView::menuRequested, this, [this](QMenu *menu) { addBranchActions(menu); });
    connect(m_conversation->view(), &ConversationView::menuRequested, this,
            [this](QMenu *menu) { addBranchActions(menu); });
    m_conversation->setStart(
        [this](const VersionPtr &version, const GenerateRequest &request) { ask(version, request); });
    connect(m_versionView, &VersionView::showRequested, this, &PlaygroundPanel::showTreeVersion);
    connect(m_versionView, &VersionView::removeRequested, this, &PlaygroundPanel::removeTreeVersion);
    connect(m_lists, &QSplitter::splitterMoved, this, [this] { m_hasOwnListSizes = true; });
    connect(m_versionView, &VersionView::undoRequested, this, &PlaygroundPanel::undo);
    connect(m_versionView, &VersionView::copyRequested, this, [this](int index) {
        const auto versions = treeVersions();
        if (index >= 0 && index < std::ssize(versions))
            copyToClipboard(fromStd(versions[static_cast<size_t>(index)]->text()));
    });
}

void PlaygroundPanel::branch(const TokenAlternative &chosen)
{
    const TokenPlace place = currentPlace();
    if (!place.version || static_cast<size_t>(place.token) >= place.version->tokens.size()) return;
    branchAt(place, chosen);
}

void PlaygroundPanel::branchAt(const TokenPlace &place, const TokenAlternative &chosen)
{
    const VersionPtr version = branchedVersion(place.version, place.token, chosen, m_sampling->settings());
    if (isEndToken(chosen, *version)) {
        if (place.version->summary) version->summary = place.version->summary;
        endAsChosen(*version, chosen);
    }
    startBranch(place, version);
}

void PlaygroundPanel::goOnFromHere()
{
    const TokenPlace place = currentPlace();
    if (!place.version || static_cast<size_t>(place.token) >= place.version->tokens.size()) return;
    startBranch(place, continuedVersion(place.version, place.token, m_sampling->settings()));
}

void PlaygroundPanel::startBranch(const TokenPlace &place, const VersionPtr &version)
{
    if (isComparing()) setMode(PlayMode::Continue); // it goes on there, as a version
    stop(); // what is still coming is left as it is
    banner()->clear();
    if (place.row >= 0) {
        const Result<void> branched = m_conversation->branch(place.row, version);
        if (!branched) return banner()->showError(branched.error());
        showError(); // without an engine it has ended already
    } else if (version->summary) {
        forgetOldVersions();
        m_versions.push_back(version);
        showVersion(numVersions() - 1);
        Q_EMIT draftChanged();
    } else {
        startVersion(version);
    }
    if (isChoosing()) m_candidates->focusList();
}

void PlaygroundPanel::addBranchActions(QMenu *menu)
{
    const TokenPlace place = currentPlace();
    if (!place.version || static_cast<size_t>(place.token) >= place.version->tokens.size()) return;
    const GeneratedToken &token = place.version->tokens[static_cast<size_t>(place.token)];
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    QMenu *branches = menu->addMenu(tr("Branch here with"));
    branches->setObjectName(u"branchMenu"_s);
    int numShown = 0;
    for (const TokenAlternative &candidate : token.alternatives) {
        if (candidate.id == token.id) continue;
        if (++numShown > kMaxMenuCandidates) break;
        QString text = visibleTokenText(candidate.bytes, candidate.id);
        text.replace(u'&', u"&&"_s);
        branches->addAction(tr("“%1”   %2").arg(text, probabilityText(candidate.probability)), this,
                            [this, candidate] { branch(candidate); });
    }
    branches->setEnabled(isConnected && numShown > 0);
    menu->addAction(tr("Go on from here"), this, &PlaygroundPanel::goOnFromHere)->setEnabled(isConnected);
    menu->addAction(tr("Look inside"), this, &PlaygroundPanel::lookInside)
        ->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_I));
}

void PlaygroundPanel::connectManual()
{
    connect(m_manual, &ManualSampler::proposed, this, [this] {
        showCurrent();
        if (m_manual->version() == shown()) m_candidates->focusList();
    });
    connect(m_manual, &ManualSampler::picked, this, [this](const std::vector<GeneratedToken> &tokens) {
        const VersionPtr version = m_manual->version();
        m_conversation->model()->announceTokens(version, tokens);
        m_versionView->announce(version);
        if (version != shown()) return;
        if (!isConversation()) m_view->appendTokens(tokens);
        showCurrent();
        updateStatus();
    });
    connect(m_manual, &ManualSampler::tookBack, this, [this] {
        m_conversation->model()->announceChange(m_manual->version());
        if (!isConversation() && m_manual->version() == shown()) showVersion(m_shown);
        updateStatus();
    });
    connect(m_manual, &ManualSampler::ended, this, [this] {
        m_conversation->model()->announceChange(m_manual->version());
        if (m_manual->version() == shown()) {
            if (!isConversation()) m_view->finish();
            showError();
        }
        showCurrent();
        updateState();
        Q_EMIT draftChanged();
    });
    connect(m_candidates, &CandidateView::takeBackRequested, m_manual, &ManualSampler::takeBack);
    connect(m_candidates, &CandidateView::goOnRequested, this, &PlaygroundPanel::letGoOn);
    connect(m_sampling, &SamplingForm::manualChanged, this, [this](bool isManual) {
        if (!isManual) m_manual->end();
        Q_EMIT draftChanged();
    });
    // A turn that went takes its choosing with it.
    connect(m_conversation, &ConversationPane::changed, this, [this] {
        const VersionPtr &version = m_manual->version();
        if (m_manual->isActive() && version->isAnswer && m_conversation->model()->rowOfVersion(version) < 0)
            m_manual->end();
    });
}

void PlaygroundPanel::letGoOn()
{
    if (!isChoosing() || isGenerating()) return;
    const VersionPtr version = m_manual->version();
    const GenerateRequest request = m_manual->requestBehind(m_sampling->settings());
    m_manual->end();
    version->model = loadedModel(*version);
    version->request.answerIds = request.answerIds;
    version->request.sampling = request.sampling;
    m_runner->start(version, request);
    m_conversation->model()->announceChange(version);
    if (!isConversation()) showVersion(m_shown); // half a character at its end waits again
    updateState();
}

void PlaygroundPanel::showVersion(int index)
{
    if (index < 0 || index >= numVersions()) return;
    m_shown = index;
    const GenerationVersion &version = *m_versions[static_cast<size_t>(index)];
    m_view->setPrompt(version.request.prompt);
    if (version.request.infill) m_view->setSuffix(*version.request.infill);
    m_filling = m_versions[static_cast<size_t>(index)];
    readAskedFiles(m_versions[static_cast<size_t>(index)]);
    fillView();
    if (!version.parent.expired()) m_view->setForkMark(version.partsAt, partingText(version));
    if (!isConversation()) showError();
    updateState();
}

/// A version of a million tokens would keep the window for half a second: it is shown from its beginning, and the rest
/// follows in parts.
void PlaygroundPanel::fillView()
{
    constexpr int kAtOnce = 40'000;
    const VersionPtr version = m_filling.lock();
    if (!version || m_shown < 0 || m_versions[static_cast<size_t>(m_shown)] != version) return;
    const int from = m_view->numTokens(), count = static_cast<int>(version->tokens.size());
    const int to = std::min(count, from + kAtOnce);
    if (from == 0 && to == count)
        m_view->appendTokens(version->tokens);
    else
        m_view->appendTokens({version->tokens.begin() + from, version->tokens.begin() + to});
    if (to < count) return QTimer::singleShot(0, this, &PlaygroundPanel::fillView);
    m_filling.reset();
    if (!version->isRunning) m_view->finish();
    if (from > 0) updateState(); // what is said of it
}

std::vector<VersionPtr> PlaygroundPanel::treeVersions() const
{
    if (isConversation()) {
        const int row = m_conversation->answerRow();
        return row < 0 ? std::vector<VersionPtr>() : m_conversation->model()->turn(row).versions;
    }
    std::vector<VersionPtr> versions;
    const VersionPtr current = shown();
    for (const VersionPtr &version : m_versions)
        if (current && isSameQuestion(version->request, current->request)) versions.push_back(version);
    return versions;
}

void PlaygroundPanel::updateVersions()
{
    const std::vector<VersionPtr> versions = treeVersions();
    int current = m_conversation->currentVersion();
    if (!isConversation())
        current = static_cast<int>(std::find(versions.begin(), versions.end(), shown()) - versions.begin());
    const bool canBringBack = !isConversation() && !m_removed.empty();
    QString undoText = canBringBack ? tr("deleting a version") : QString();
    if (isConversation()) undoText = m_conversation->model()->undoText();
    m_versionView->setVersions(versions, current);
    m_versionView->setUndoText(undoText);
    const bool isThere = versions.size() > 1 || canBringBack;
    m_versionView->setVisible(isThere);
    if (!isThere || m_hasOwnListSizes) return;
    // What the tree needs, as long as the candidates keep most.
    const int height = std::min(m_versionView->sizeHint().height(), 2 * m_lists->height() / 5);
    m_lists->setSizes({height, m_lists->height() - height});
}

void PlaygroundPanel::showTreeVersion(int index)
{
    if (isConversation()) {
        m_conversation->showVersion(index);
        showError();
        return;
    }
    const std::vector<VersionPtr> versions = treeVersions();
    if (index < 0 || index >= std::ssize(versions)) return;
    const auto found = std::find(m_versions.begin(), m_versions.end(), versions[static_cast<size_t>(index)]);
    showVersion(static_cast<int>(found - m_versions.begin()));
}

void PlaygroundPanel::removeTreeVersion(int index)
{
    if (isConversation()) {
        m_conversation->removeVersion(index);
        showError();
        return;
    }
    const std::vector<VersionPtr> versions = treeVersions();
    if (index < 0 || index >= std::ssize(versions) || versions.size() < 2) return;
    const VersionPtr gone = versions[static_cast<size_t>(index)];
    if (m_runner->version() == gone) m_runner->stop();
    if (m_manual->version() == gone) m_manual->end();
    const auto at = std::find(m_versions.begin(), m_versions.end(), gone);
    m_removed.push_back({gone, static_cast<int>(at - m_versions.begin())});
    if (m_removed.size() > kMaxRemoved) m_removed.erase(m_removed.begin());
    m_versions.erase(at);
    // Where it was shown, its neighbour of the same question is.
    const VersionPtr next = versions[static_cast<size_t>(index > 0 ? index - 1 : 1)];
    const int removedAt = m_removed.back().index;
    if (m_shown == removedAt)
        m_shown =
            static_cast<int>(std::find(m_versions.begin(), m_versions.end(), next) - m_versions.begin());
    else if (m_shown > removedAt)
        --m_shown;
    showVersion(m_shown);
    Q_EMIT draftChanged();
}

void PlaygroundPanel::bringBackVersion()
{
    if (m_removed.empty()) return;
    const RemovedVersion removed = m_removed.back();
    m_removed.pop_back();
    const int at = std::min(removed.index, numVersions());
    m_versions.insert(m_versions.begin() + at, removed.version);
    showVersion(at);
    Q_EMIT draftChanged();
}

} // namespace orrery::ui
