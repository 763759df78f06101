// SPDX-License-Identifier: GPL-3.0-or-later
// The head of the microscope: where it is, how old that is, what was said and how likely it was, and how far a question is.
#include "widgets/attention/exact_text.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/overview_scene.h"
#include "widgets/attention/said_text.h"
#include "widgets/attention/token_groups.h"
#include "widgets/common/breadcrumbs.h"
#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/microscope/microscope_reading.h"
#include "widgets/microscope/stat_row.h"
#include "widgets/play/token_view.h"
#include "widgets/session/engine_session.h"

#include <QDir>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// Levels of the path.
enum Crumb { kRun, kStep, kText, kToken };

QString bitsText(double nats)
{
    return MicroscopePanel::tr("%1 bits").arg(significantText(nats / std::log(2.0), 3));
}
/// Words that a narrow panel has no room for may be broken anywhere.
QString breakable(const QString &text)
{
    constexpr int kLongWord = 18;
    QString result;
    int length = 0;
    for (const QChar &one : text) {
        length = one.isSpace() ? 0 : length + 1;
        result += one;
        if (length >= kLongWord && !one.isHighSurrogate()) result += QChar(0x200B); // zero width space
    }
    return result;
}

QString natsText(double nats) { return MicroscopePanel::tr("%1 nats").arg(significantText(nats, 3)); }

} // namespace

/// Run, step, text, token, head: of what is in focus. The step is that of the answer, where it is of the focus.
void MicroscopePanel::refreshCrumbs()
{
    const Focus &focus = m_feed->focus();
    if (focus.isEmpty()) return;
    const bool hasAnswer = m_feed->isOfFocus();
    const int64_t step = hasAnswer ? m_feed->shown()->report.step : -1;
    const QString run = runOfModel(focus.model), behind = focus.model.mid(run.size() + 1);
    const bool isFolder = run.contains(u'/');
    const QString title =
        isFolder ? QDir::cleanPath(run).section(u'/', -1) : modelTitle(run, m_session.runs());
    QStringList path{title};
    path << (step >= 0               ? tr("step %1").arg(integerText(step))
             : isFolder              ? tr("as saved")
             : behind == "live"_L1   ? tr("in training")
             : behind == "latest"_L1 ? tr("newest step")
             : behind.isEmpty()      ? tr("newest step")
                                     : tr("step %1").arg(behind));
    path << (focus.title.isEmpty() ? tr("Text") : focus.title);
    if (hasAnswer) {
        const InspectReport &report = m_feed->shown()->report;
        const SaidToken said = saidToken(report);
        path << (said.exists ? u"“%1”"_s.arg(said.label) : tr("what comes next"));
    } else {
        path << (focus.token < 0 ? tr("what comes next") : tr("token %1").arg(integerText(focus.token)));
    }
    if (focus.head) path << headTitle(*focus.head);
    m_crumbs->setPath(path, {kRun, kStep});
    m_crumbs->setToolTip(title == run ? QString() : plainToolTip(focus.model));
    m_crumbs->setHistory(m_selection.canGoBack(), m_selection.canGoForward());
}

/// Up from a head to its token, from a token to what comes behind the whole text.
void MicroscopePanel::goUpTo(int level)
{
    const Focus &focus = m_selection.focus();
    m_selection.move(level <= kText ? -1 : focus.token, {}, this);
}

/// Which question of how many, about how many tokens, and for what.
void MicroscopePanel::showProgress()
{
    if (!m_feed->isAsking()) return clearProgress();
    const MicroscopeProgress progress = m_feed->progress();
    QStringList what;
    if (progress.number == 1 || progress.part.lens) what << tr("probabilities");
    if (progress.part.lens) what << tr("layers");
    if (progress.part.attribution) what << tr("what mattered");
    const QString model = modelTitle(m_feed->focus().model, m_session.runs());
    const QString of = progress.numTokens > 0
                           ? tr("%1 by %2").arg(counted(progress.numTokens, tr("1 token"), tr("%1 tokens")), model)
                           : tr("a text by %1").arg(model);
    QString text = tr("Question %1 of %2: %3 of %4").arg(progress.number).arg(progress.count).arg(what.join(u", "_s), of);
    // Where an engine tells it: how far the model is with this question.
    const QString reading = ModelQuestion::readingText(progress.reading);
    const double share = ModelQuestion::readingShare(progress.reading);
    if (!reading.isEmpty()) text += u" · "_s + reading;
    const bool isCounted = progress.count > 1 || share >= 0;
    setProgress(text, isCounted ? (double(progress.number - 1) + std::max(0.0, share)) / progress.count : -1,
                [this] { m_feed->cancel(); });
}

void MicroscopePanel::refreshHeader()
{
    const InspectReport &report = m_contentOf->report;
    m_headline->setText(breakable(microscopeHeadline(report)));
    const QString note = saidNote(report, m_contentOf->isAskedAsSaid);
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
    const SaidToken said = saidToken(report);
    const bool hasChoices = !report.candidates.empty();
    const TokenAlternative best = hasChoices ? report.candidates.front() : TokenAlternative();
    const QString bestLabel = hasChoices ? visibleTokenText(best.bytes, best.id) : unknownText();
    const QString bestShare = hasChoices ? probabilityText(best.probability) : unknownText();
    if (!said.exists) {
        const ChoiceEntropy entropy = entropyOf(report);
        const QString nats = std::isnan(entropy.nats) ? unknownText() : natsText(entropy.nats);
        m_stats->setStats({{tr("Likeliest"), bestLabel, {}, u"token/likeliest"_s},
                           {tr("Its probability"), bestShare, {}, u"token/probability"_s},
                           {tr("Entropy"), entropy.isExact ? nats : u"≥ "_s + nats,
                            std::isnan(entropy.nats) ? QString() : bitsText(entropy.nats), u"token/entropy"_s}});
        return;
    }
    const bool isKnown = !std::isnan(said.probability);
    const QString rank = said.rank > 0 ? QString::number(said.rank)
                         : isKnown     ? u"> %1"_s.arg(report.candidates.size())
                                       : unknownText();
    m_stats->setStats({{tr("Probability"), probabilityText(said.probability),
                        tr("likeliest %1").arg(bestShare), u"token/probability"_s},
                       {tr("Rank"), rank, tr("first “%1”").arg(bestLabel), u"token/rank"_s},
                       {tr("Surprise"), isKnown ? natsText(said.surprise) : unknownText(),
                        isKnown ? bitsText(said.surprise) : QString(), u"token/surprise"_s}});
}

QString MicroscopePanel::stateText() const
{
    const MicroscopeAnswer &answer = *m_feed->shown();
    const QString age = relativeTimeText(wallNow() - answer.wallTime);
    const qint64 step = answer.report.step;
    QStringList parts;
    if (!m_feed->isOfFocus()) {
        const QString of = step >= 0 ? tr("of step %1, %2").arg(integerText(step), age) : age;
        const bool isSame = answer.focus.isSameText(m_feed->focus());
        parts << (isSame ? tr("Shown: another token, %1").arg(of)
                         : tr("Shown: %1, %2")
                               .arg(answer.focus.title.isEmpty()
                                        ? modelTitle(answer.focus.model, m_session.runs())
                                        : answer.focus.title,
                                    of));
    } else { // which model, step, text and token: that says the path above
        parts << age;
        if (m_feed->isLive() && m_feed->liveStep() > step && step >= 0)
            parts << tr("the training is at %1").arg(integerText(m_feed->liveStep()));
        if (m_feed->isOfEnded() && !answer.report.model.empty())
            parts << tr("the training has ended: its newest saved step");
    }
    return parts.join(u" · "_s);
}

void MicroscopePanel::refreshState()
{
    if (!m_feed->shown()) return;
    const bool isOld = !m_feed->isOfFocus() && !m_feed->isAsking();
    m_state->setTone(isOld ? Tone::Warning : Tone::Secondary);
    const QString text = stateText();
    if (m_state->text() != text) m_state->setText(text);
}

} // namespace orrery::ui
