// SPDX-License-Identifier: GPL-3.0-or-later
// What can be taken along of the run panel, and how its samples are looked into.
#include "widgets/runs/run_panel.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/text_export.h"
#include "widgets/runs/breakpoint_editor.h"
#include "widgets/runs/live_settings.h"
#include "widgets/runs/run_feed.h"
#include "widgets/runs/samples_view.h"

#include <QLineEdit>
#include <QStackedWidget>
#include <QTabWidget>

#include <algorithm>
#include <cstdlib>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void RunPanel::adoptFrame()
{
    PanelExport what;
    what.fileName = u"run"_s;
    what.data = {u"csv"_s};
    what.save = [this](const QString &path) { return saveTextFile(table(), path); };
    what.table = [this] { return table(); };
    what.isEmpty = [this] { return run().isEmpty(); };
    setExport(std::move(what));
    setView({u"run"_s,
             [this] {
                 return QVariantMap{{u"run"_s, run()}, {u"tab"_s, tabName()}};
             },
             [this](const QVariantMap &state) {
                 const QString tab = state.value(u"tab"_s).toString();
                 if (tab == u"settings")
                     showLiveSettings(true);
                 else if (tab == u"breakpoints")
                     showBreakpoints(true);
                 else if (!tab.isEmpty())
                     showTab(tab);
             }});
    setCommand([this] { return run().isEmpty() ? QString() : engineCommand({u"runs"_s, u"show"_s, run()}); });
    setHelp(
        tr("The selected run: where it is, its newest numbers, and below them what it wrote at the sampling "
           "steps, its saved steps, its log and its frozen settings. The gear changes settings while it "
           "trains; the sign beside it sets breakpoints, which pause it when a number crosses a value. "
           "Validation loss is measured on text that is never trained on."));
}

QVariantMap RunPanel::draft() const
{
    QVariantMap draft;
    if (const QString line = m_breakpoints->line()->text(); !line.isEmpty()) draft.insert(u"breakpoint"_s, line);
    if (const QVariantMap settings = m_live->draft(); !settings.isEmpty()) draft.insert(u"settings"_s, settings);
    if (!draft.isEmpty()) draft.insert(u"run"_s, run());
    return draft;
}

void RunPanel::restoreDraft(const QVariantMap &draft)
{
    if (run().isEmpty() || draft.value(u"run"_s).toString() != run()) return;
    m_breakpoints->restoreDraft(draft.value(u"breakpoint"_s).toString());
    m_live->restoreDraft(draft.value(u"settings"_s).toMap());
}

QString RunPanel::tabName() const
{
    if (m_lower->currentIndex() == Settings) return u"settings"_s;
    if (m_lower->currentIndex() == Breaks) return u"breakpoints"_s;
    return m_tabs->currentWidget()->property("tab").toString();
}

QString RunPanel::table() const
{
    QString text = csvLine({u"name"_s, u"value"_s, u"unit"_s});
    if (!m_feed->status()) return text;
    const RunStatus &status = *m_feed->status();
    const auto add = [&text](const QString &name, double value, const QString &unit = {}) {
        text += csvLine({name, csvNumber(value), unit});
    };
    text += csvLine({u"run"_s, run(), {}});
    text += csvLine({u"state"_s, QLatin1String(runStateName(status.state)), {}});
    add(u"step"_s, double(status.step));
    add(u"total_steps"_s, double(status.totalSteps));
    add(QLatin1String(series::kLoss), status.loss, u"nats/token"_s);
    add(QLatin1String(series::kValLoss), status.valLoss, u"nats/token"_s);
    add(u"best_val_loss"_s, status.bestValLoss, u"nats/token"_s);
    add(QLatin1String(series::kLearningRate), status.learningRate);
    add(QLatin1String(series::kGradNorm), status.gradNorm, u"L2"_s);
    add(QLatin1String(series::kTokensPerSecond), status.tokensPerSecond, u"tokens/s"_s);
    add(QLatin1String(series::kViewerPercent), status.viewerPercent, u"%"_s);
    add(u"memory_bytes"_s, double(status.memoryBytes), u"B"_s);
    add(u"parameters"_s, double(status.numParameters));
    add(u"elapsed"_s, status.elapsedSeconds, u"s"_s);
    add(u"last_checkpoint_step"_s, double(status.lastCheckpointStep));
    return text;
}

/// The saved step that is nearest to it; else the weights of a training that runs; empty: there is no model.
QString RunPanel::modelNear(qint64 step) const
{
    const auto nearest =
        std::min_element(m_savedSteps.begin(), m_savedSteps.end(), [step](qint64 left, qint64 right) {
            return std::llabs(left - step) < std::llabs(right - step);
        });
    if (nearest != m_savedSteps.end()) return run() + u'@' + QString::number(*nearest);
    const RunState state = m_feed->status() ? m_feed->status()->state : RunState::Unknown;
    return state == RunState::Running || state == RunState::Paused ? run() + u"@live"_s : QString();
}

void RunPanel::updateLookReason()
{
    m_samples->setLookReason(modelNear(0).isEmpty() ? tr("The run has no saved step yet.") : QString());
}

void RunPanel::lookAtSample(const GenerateRequest &request, qint64 step)
{
    Focus focus;
    focus.model = modelNear(step);
    if (focus.model.isEmpty()) return;
    focus.title = tr("Sample of step %1").arg(integerText(step));
    focus.text = std::make_shared<const GenerateRequest>(request);
    Q_EMIT lookInside(focus);
}

} // namespace orrery::ui
