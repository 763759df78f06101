// SPDX-License-Identifier: GPL-3.0-or-later
// A breakpoint has paused a run: the banner that says so, and the panel that shows why.
#include "app/workbench/main_window.h"

#include "core/spec/breakpoint.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/attention/attention_panel.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/run_text.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/plugins/plugin_values_panel.h"
#include "widgets/runs/breakpoint_text.h"

#include <QAbstractSpinBox>
#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QTextEdit>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// The map whose numbers paused the run: of the text that the series of heads are of, kept at that very step.
void showHead(AttentionPanel &panel, const HeadRef &head)
{
    const PromptBar &prompts = *panel.promptBar();
    // Of a run that was selected just now the panel goes to that text by itself, as soon as it knows of it.
    if (prompts.isValidationKept())
        panel.choosePrompt(prompts.validationPrompt());
    else if (prompts.hasDocuments() || prompts.prompt() < 0)
        panel.choosePrompt(0);
    panel.feed()->follow(); // a paused run keeps no later one
    AttentionPlace place;
    place.level = StageLevel::Head;
    place.head = head;
    panel.goTo(place);
}

/// Whether keys that are pressed now go into a text.
bool isTyping()
{
    const QWidget *focus = QApplication::focusWidget();
    const auto *choice = qobject_cast<const QComboBox *>(focus);
    return qobject_cast<const QLineEdit *>(focus) || qobject_cast<const QPlainTextEdit *>(focus) ||
           qobject_cast<const QTextEdit *>(focus) || qobject_cast<const QAbstractSpinBox *>(focus) ||
           (choice && choice->isEditable());
}

} // namespace

void MainWindow::makePauseBanner()
{
    m_pauseBanner = new Banner(this);
    m_pauseBanner->setObjectName(u"pauseBanner"_s);
    const auto add = [this](const QString &text, const char *name, auto handler) {
        QPushButton *button = m_pauseBanner->addButton(text);
        button->setObjectName(QLatin1String(name));
        connect(button, &QPushButton::clicked, this, handler);
        return button;
    };
    add(tr("Continue"), "pauseContinue", [this] { answerPause(u"continue"_s); });
    add(tr("Step"), "pauseStep", [this] { answerPause(u"step"_s); });
    m_removeBreakpoint = add(tr("Remove breakpoint"), "pauseRemove", [this] {
        answerPause(u"unbreak"_s, toStd(pauseCondition(m_pauses[m_pausedRun])));
    });
    add(tr("Show"), "pauseShow", [this] {
        const QString series = fromStd(m_pauses[m_pausedRun].pauseSeries);
        if (m_pausedRun != m_run) selectRun(m_pausedRun);
        showReason(series);
    });
    connect(m_pauseBanner, &Banner::dismissed, this, [this] {
        m_seenPauses[m_pausedRun] = m_pauses[m_pausedRun].step;
        m_pauses.erase(m_pausedRun);
        updatePauseBanner(); // another run may be paused, too
    });
}

void MainWindow::takePause(const RunStatus &status)
{
    const QString run = fromStd(status.id);
    const bool isPaused = status.state == RunState::Paused && !status.pauseReason.empty();
    const auto seen = m_seenPauses.find(run);
    if (isPaused && (seen == m_seenPauses.end() || seen->second != status.step))
        m_pauses[run] = status;
    else
        m_pauses.erase(run);
    if (!isPaused) m_seenPauses.erase(run);
}

void MainWindow::updatePauseBanner()
{
    const auto &runs = m_session.runs();
    std::erase_if(m_pauses, [&runs](const auto &pause) { // deleted since
        return std::none_of(runs.begin(), runs.end(),
                            [&pause](const RunStatus &status) { return fromStd(status.id) == pause.first; });
    });
    if (m_pauses.empty()) {
        m_pausedRun.clear();
        m_pauseBanner->clear();
        return;
    }
    const auto ofSelected = m_pauses.find(m_run);
    const auto &[run, status] = ofSelected != m_pauses.end() ? *ofSelected : *m_pauses.begin();
    m_pausedRun = run;
    m_removeBreakpoint->setVisible(!pauseCondition(status).isEmpty());
    QString hint;
    if (m_pauses.size() == 2) hint = tr("Another run is paused by a breakpoint, too.");
    if (m_pauses.size() > 2)
        hint = tr("%1 other runs are paused by breakpoints, too.").arg(m_pauses.size() - 1);
    m_pauseBanner->showMessage(BannerKind::Warning, pauseSentence(status), hint);
}

void MainWindow::answerPause(const QString &verb, const std::string &condition)
{
    const QString run = m_pausedRun;
    m_notice->clear();
    m_session.control(run, verb, 1, {"", condition}, this, [this, verb, condition](Result<RunStatus> reply) {
        if (!reply) {
            m_notice->showError(reply.error());
            return;
        }
        takePause(*reply);
        updatePauseBanner();
        if (verb == u"unbreak") tellRemoved(*reply, condition);
    });
}

void MainWindow::tellRemoved(const RunStatus &status, const std::string &condition)
{
    const QString run = fromStd(status.id);
    tell(BannerKind::Info, tr("%1 does not pause %2 any more.").arg(fromStd(condition), runTitle(status)), {}, tr("Undo"), [this, run, condition] {
        m_session.control(run, u"break"_s, 1, {"", condition}, this, [this](const Result<RunStatus> &answer) {
            if (!answer) m_notice->showError(answer.error());
        });
    });
}

void MainWindow::onUpdated(const RunUpdate &update)
{
    if (!update.status.id.empty()) {
        takePause(update.status);
        updatePauseBanner();
    }
    // Who writes a prompt, fills in a form or chooses a plugin is left alone; the banner and the log have it.
    const auto page = static_cast<Page>(m_pages->currentIndex());
    const bool isBusy =
        page == Page::Play || page == Page::NewRun || page == Page::Plugins || isTyping();
    if (update.run != m_run || isBusy) return;
    for (auto event = update.events.rbegin(); event != update.events.rend(); ++event) {
        if (event->kind != EventKind::Breakpoint) continue;
        const QJsonObject reason =
            QJsonDocument::fromJson(QByteArray::fromStdString(event->payload)).object();
        showReason(reason.value("series"_L1).toString());
        return;
    }
}

/// Opens what shows a series of the selected run: of a head that head in the text and step of the series, of
/// how full a memory is the memory (whose panel says how full it is while the run trains), of other parts and
/// probes of plugins its row, else its curve.
void MainWindow::showReason(const QString &series)
{
    const QStringList parts = series.split(u'/');
    if (parts.size() >= 2 && parts[0] == u"head") {
        showLayout(WindowLayout::Inspect);
        HeadRef head;
        if (headFromName(toStd(parts[1]), head)) showHead(*m_attention->primary(), head);
        return;
    }
    PanelFrame *memory = panelCalled(u"memory"_s);
    if (memory && Breakpoint{.series = "memory"}.covers(toStd(series))) return showPanel(memory);
    if (parts[0] == u"part" || parts[0] == u"probe") {
        showPanel(m_pluginValues);
        m_pluginValues->showSeries(series);
        return;
    }
    showCurve(series);
}

void MainWindow::showCurve(const QString &series)
{
    showLayout(WindowLayout::Train);
    m_curves->showSeries(series);
}

} // namespace orrery::ui
