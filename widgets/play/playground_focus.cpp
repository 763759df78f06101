// SPDX-License-Identifier: GPL-3.0-or-later
// The playground and the window's selection: a token that is locked here is looked at everywhere, and a token
// of a shown answer that is looked at elsewhere is locked here.
#include "widgets/play/playground_panel.h"

#include "core/spec/field_values.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/play/branching.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/token_view.h"
#include "widgets/session/selection.h"

#include <algorithm>
#include <optional>

namespace orrery::ui {
namespace {

/// Whether all of the text can be told, with the places of its tokens.
bool isCounted(const GenerationVersion &version) { return !version.isRunning && version.knowsPlaces(); }

/// Whether the version was told as this text, and still begins so: a person may have taken tokens back.
bool isTold(const GenerationVersion &version, const std::shared_ptr<const GenerateRequest> &text)
{
    const auto &prefixes = version.prefixTexts;
    const bool isOwn = text && (text == version.wholeText ||
                                std::any_of(prefixes.begin(), prefixes.end(),
                                            [&](const auto &prefix) { return prefix.lock() == text; }));
    return isOwn && text->answerIds == tokenIds(version, text->answerIds.size());
}

/// Token of the answer that a focus on its text means, which is the one behind what is looked at; their
/// number: behind all of them. Nothing: within the prompt, or it cannot be told.
std::optional<int64_t> answerToken(const GenerationVersion &version, const Focus &focus)
{
    const int64_t numRead = std::ssize(focus.text->answerIds);
    if (focus.token < 0) return numRead; // behind the last one
    if (!version.knowsPlaces()) return std::nullopt;
    const int64_t token = focus.token - version.summary->promptTokens + 1;
    if (token < 0) return std::nullopt;
    return token <= numRead ? token : std::ssize(version.tokens);
}

/// Token of a shown version that another panel looks at; -1: none of them.
int lookedAt(const GenerationVersion &version, const Focus &focus)
{
    if (!isTold(version, focus.text)) return -1;
    const int64_t token = answerToken(version, focus).value_or(-1);
    return token < std::ssize(version.tokens) ? static_cast<int>(token) : -1;
}

Error notBranched(ErrorCode code, const Focus &focus, const std::string &found, const QString &hint)
{
    return {code, "Cannot branch " + quotedValue(toStd(focus.title)) + ": " + found, toStd(hint)};
}

Result<int> branchedToken(const GenerationVersion &version, const Focus &focus)
{
    const std::optional<int64_t> token = answerToken(version, focus);
    if (token && *token < std::ssize(version.tokens)) return static_cast<int>(*token);
    if (token)
        return notBranched(
            ErrorCode::InvalidInput, focus,
            toStd(PlaygroundPanel::tr("nothing was said behind its last token, expected a token there.")),
            PlaygroundPanel::tr("Look at a place before it, or let the answer go on in Play."));
    const QString place = PlaygroundPanel::tr("place %1").arg(focus.token);
    if (!version.knowsPlaces())
        return notBranched(
            ErrorCode::Unavailable, focus,
            toStd(PlaygroundPanel::tr("%1 cannot be told from its prompt, expected the end of what is read.")
                      .arg(place)),
            PlaygroundPanel::tr("Lock the token in Play, and branch there."));
    return notBranched(
        ErrorCode::InvalidInput, focus,
        toStd(PlaygroundPanel::tr("%1 is within the prompt, expected one before a token of the "
                                  "answer.")
                  .arg(place)),
        PlaygroundPanel::tr("Look at a place behind the prompt."));
}

bool isSameMessage(const ChatMessage &one, const ChatMessage &other)
{
    return one.role == other.role && one.content == other.content && one.media.size() == other.media.size();
}

/// The text that is told of already, where somebody still looks at it, so that it is the same text for all.
std::shared_ptr<const GenerateRequest> shared(std::shared_ptr<const GenerateRequest> text,
                                              GenerationVersion &version)
{
    std::erase_if(version.prefixTexts, [](const auto &known) { return known.expired(); });
    for (const auto &known : version.prefixTexts) {
        const auto other = known.lock();
        const bool isSame = other->answerIds == text->answerIds &&
                            std::equal(text->messages.begin(), text->messages.end(), other->messages.begin(),
                                       other->messages.end(), isSameMessage);
        if (isSame) return other;
    }
    version.prefixTexts.push_back(text);
    return text;
}

} // namespace

void PlaygroundPanel::setSelection(Selection *selection)
{
    if (m_selection) m_selection->disconnect(this);
    m_selection = selection;
    if (m_selection) connect(m_selection, &Selection::changed, this, &PlaygroundPanel::takeFocus);
}

Focus PlaygroundPanel::focusOf(const TokenPlace &place) const
{
    GenerationVersion &version = *place.version;
    Focus focus;
    focus.model = loadedModel(version);
    if (place.row >= 0) {
        focus.title = tr("Turn %1").arg(place.row + 1);
        const Turn &turn = m_conversation->model()->turn(place.row);
        if (turn.versions.size() > 1) focus.title = tr("%1, version %2").arg(focus.title).arg(turn.shown + 1);
    } else if (isComparing()) {
        focus.title = tr("Column %1").arg(m_compare->current()->name());
    } else {
        focus.title = tr("Answer %1").arg(m_shown + 1);
    }
    const auto textWith = [&](size_t numTokens) {
        auto text = std::make_shared<GenerateRequest>(
            place.row >= 0 ? m_conversation->requestOf(place.row, version) : version.request);
        text->answerIds = tokenIds(version, numTokens);
        return text;
    };
    if (isCounted(version)) {
        if (!version.wholeText || version.wholeText->answerIds != tokenIds(version, version.tokens.size()))
            version.wholeText = textWith(version.tokens.size());
        focus.text = version.wholeText;
        focus.token = version.summary->promptTokens + place.token - 1;
    } else {
        focus.text = shared(textWith(static_cast<size_t>(place.token)), version);
    }
    return focus;
}

void PlaygroundPanel::publishFocus(const TokenPlace &place)
{
    if (!m_selection || m_isTakingFocus) return;
    Focus focus = focusOf(place);
    const Focus &before = m_selection->focus();
    if (before.model == focus.model) focus.head = before.head;
    if (focus.isSameText(before))
        m_selection->move(focus.token, focus.head, this);
    else
        m_selection->set(focus, this);
}

void PlaygroundPanel::takeFocus(const Focus &focus, QObject *by)
{
    if (by == this || !focus.text) return;
    m_isTakingFocus = true;
    if (isConversation()) {
        const ConversationModel *model = m_conversation->model();
        for (int row = model->numTurns() - 1; row >= 0; --row) {
            if (model->turn(row).role != TurnRole::Assistant) continue;
            const int token = lookedAt(*model->turn(row).version(), focus);
            if (token < 0) continue;
            m_conversation->view()->setCurrentToken(row, token, true);
            m_conversation->view()->showToken(row, token);
            break;
        }
    } else if (const VersionPtr version = shown()) {
        const int token = lookedAt(*version, focus);
        if (token >= 0 && token < m_view->numTokens()) {
            m_view->setCurrentToken(token, true);
            m_view->showToken(token);
        }
    }
    m_isTakingFocus = false;
}

Result<void> PlaygroundPanel::branch(const Focus &focus, const TokenAlternative &chosen)
{
    const auto isWanted = [&focus](const VersionPtr &version) { return isTold(*version, focus.text); };
    const auto found = std::find_if(m_versions.begin(), m_versions.end(), isWanted);
    const std::vector<VersionPtr> path =
        found != m_versions.end() ? std::vector{*found} : m_conversation->model()->pathTo(isWanted);
    if (path.empty())
        return notBranched(ErrorCode::NotFound, focus,
                           toStd(tr("it is not among the answers any more, expected one that is kept.")),
                           tr("Bring it back with undo, or ask the model again in Play."));
    Focus meant = focus;
    // Who inspects counts the places of a running answer, too, and the end of what it read is one of them.
    if (m_selection && m_selection->focus().isSameText(focus) && m_selection->focus().token < 0 &&
        !path.back()->knowsPlaces())
        meant.token = -1;
    ORRERY_ASSIGN(const int token, branchedToken(*path.back(), meant));
    branchAt({path.back(), token, showPath(path)}, chosen);
    return {};
}

int PlaygroundPanel::showPath(const std::vector<VersionPtr> &path)
{
    const VersionPtr version = path.back();
    const auto found = std::find(m_versions.begin(), m_versions.end(), version);
    const bool isOfPrompt = found != m_versions.end();
    m_isTakingFocus = true; // what is still locked there is not what is looked at
    if (isOfPrompt) {
        if (isConversation()) setMode(version->request.infill ? PlayMode::Infill : PlayMode::Continue);
        showVersion(static_cast<int>(found - m_versions.begin()));
    } else {
        setMode(PlayMode::Converse);
        m_conversation->cancelEditing();
        m_conversation->model()->showPath(path);
    }
    m_isTakingFocus = false;
    return isOfPrompt ? -1 : m_conversation->model()->rowOfVersion(version);
}

void PlaygroundPanel::lookInside()
{
    TokenPlace place = currentPlace();
    if (!place.version) place = lastPlace();
    if (!place.version) return;
    if (place.row >= 0)
        m_conversation->view()->setCurrentToken(place.row, place.token, true);
    else
        currentView()->setCurrentToken(place.token, true);
    publishFocus(place); // it may have been locked before, and something else looked at since
    Q_EMIT inspectRequested();
}

} // namespace orrery::ui
