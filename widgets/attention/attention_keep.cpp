// SPDX-License-Identifier: GPL-3.0-or-later
// Keeping a text that somebody looks at: from then on the training keeps steps of it, as of its probe prompts. And what is
// said of a kept text of which the model read only the beginning.
#include "widgets/attention/attention_panel.h"

#include "core/spec/kept_prompt.h"
#include "widgets/attention/exact_text.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/probe_prompts.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/starred_heads.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"

#include <QAction>

namespace orrery::ui {

void AttentionPanel::connectKeeping()
{
    connect(m_stars, &StarredHeads::read, m_probes, &ProbePrompts::takeEvents);
    connect(m_prompts, &PromptBar::keepRequested, this, &AttentionPanel::keepText);
    connect(m_probes, &ProbePrompts::changed, this, [this] {
        m_prompts->setLivePrompts(m_probes->texts(), m_probes->numFrozen());
        if (m_waitingPrompt) m_prompts->setPrompt(*m_waitingPrompt);
        scheduleRefresh();
    });
    connect(m_probes, &ProbePrompts::added, this, [this](const QString &text) {
        m_keptText = text;
        m_failed = Failed::Keeping;
        banner()->showMessage(BannerKind::Info,
                              tr("The run keeps this text, too, as probe prompt %1, from its next kept step on.")
                                  .arg(m_probes->numberOf(text)),
                              tr("What is kept at a step is chosen with the text above."), tr("Undo"));
    });
    connect(m_probes, &ProbePrompts::failed, this, [this](const Error &error) {
        m_failed = Failed::None;
        banner()->showError(error);
    });
}

/// Letters, as a probe prompt has them. @error why it cannot be kept, the text of a hover
Result<QString> AttentionPanel::textToKeep() const
{
    const auto no = [](const QString &why) { return Error{ErrorCode::Unavailable, toStd(why), ""}; };
    if (!isLiveState(m_status.state))
        return no(tr("The run does not train: it keeps no more steps. A new run has its texts in its form (probes.prompts)"));
    if (m_prompts->hasDocuments())
        return no(tr("This run keeps documents of its validation data in the places of texts"));
    if (m_stars->hasFailed()) return no(tr("Which texts the run keeps could not be read"));
    if (!m_stars->isKnown()) return no(tr("Which texts the run keeps is being read"));
    if (m_probes->isAsking()) return no(tr("The run is being told"));
    QString text = m_prompts->text();
    if (m_selectedText) {
        const GenerateRequest &one = *m_selectedText;
        if (!one.messages.empty() || !one.media.empty() || one.infill || keptPromptNumber(one))
            return no(tr("It has turns, a gap, pictures or recordings, and a text that is kept has letters alone"));
        const bool hasIds = !one.promptIds.empty() || !one.answerIds.empty();
        if (hasIds && !m_asked) return no(tr("Its letters are known when the model has read it"));
        if (hasIds) text = textOfTokens(m_asked->report.tokens);
    }
    if (text.isEmpty()) return no(tr("Type a text first"));
    if (const int number = m_probes->texts().contains(text) ? m_probes->numberOf(text) : -1; number >= 0)
        return no(tr("The run keeps it already, as probe prompt %1").arg(number));
    return text;
}

void AttentionPanel::refreshKeep()
{
    const bool isOther = !m_run.isEmpty() && m_prompts->prompt() < 0;
    const Result<QString> text = textToKeep();
    m_prompts->setKeep(isOther, text ? QString() : fromStd(text.error().message));
    m_keep->setEnabled(isOther && text.ok());
    m_keep->setToolTip(!isOther ? tr("Steps of this text are kept") : text ? QString() : fromStd(text.error().message));
}

void AttentionPanel::keepText()
{
    if (m_prompts->prompt() >= 0) return;
    if (const Result<QString> text = textToKeep()) m_probes->add(*text);
}

/// Of a kept text that does not fit, or of which no more than the start is read; empty: all of it is there.
QString AttentionPanel::cutNote(const SnapshotPtr &now) const
{
    const bool isKept = now && now->isKept && !m_asked && !m_isOwnText && m_prompts->prompt() == m_feed->prompt();
    if (!isKept || m_prompts->hasDocuments()) return {};
    const auto count = integerText(std::ssize(now->report.tokens));
    if (m_prompts->isValidationKept() && m_feed->prompt() == m_prompts->validationPrompt())
        return tr("Kept of the validation text: its first %1 tokens.").arg(count);
    QString read = textOfTokens(now->report.tokens);
    while (read.endsWith(QChar::ReplacementCharacter)) read.chop(1); // half a letter at its end
    const QString whole = m_prompts->text();
    if (read.isEmpty() || read.size() >= whole.size() || !whole.startsWith(read)) return {};
    return tr("Kept of this prompt: its first %1 tokens, as many as the model reads at once.").arg(count);
}

} // namespace orrery::ui
