// SPDX-License-Identifier: GPL-3.0-or-later
// What is opened from outside: run and model directories, and links to views.
#include "app/workbench/main_window.h"

#include "app/workbench/recent_things.h"
#include "core/base/text.h"
#include "core/spec/field_values.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/common/banner.h"
#include "widgets/common/engine_path.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/view_link.h"
#include "widgets/compare/compare_panel.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/plugins/plugins_panel.h"

#include <QDockWidget>
#include <QFileInfo>
#include <QStackedWidget>

#include <algorithm>
#include <memory>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void MainWindow::chooseDirectory()
{
    PathQuestion question{tr("Open a run or model directory"), u"openDirectoryDialog"_s};
    question.accept = tr("Open");
    question.directory = m_session.engine().home;
    askForEnginePath(m_session, this, question, [this](const QString &path) { openPath(path); });
}

void MainWindow::openModel(const QString &model)
{
    if (model.startsWith(u'/')) m_recent->add(model);
    m_play->setModel(model);
    showLayout(WindowLayout::Play);
}

void MainWindow::openPath(const QString &path)
{
    const auto showModel = [this, path] { openModel(path); };
    // What lies under the same path on this computer says nothing of another one's.
    const bool isHere = m_session.isOfThisComputer();
    if (isHere && QFileInfo::exists(path + u"/config.json"_s) && !QFileInfo::exists(path + u"/spec.json"_s)) {
        showModel();
        return;
    }
    m_session.addRun(path, this, [this, path, isHere, showModel](const Result<RunStatus> &added) {
        if (added) {
            m_recent->add(path);
            m_pendingSelection = fromStd(added->id);
            onRunsChanged();
        } else if (isHere || added.error().code != ErrorCode::NotFound) {
            m_banner->showError(added.error());
        } else {
            // No run is there. Only who can read the folder knows whether a model is: it is asked to cut a word.
            const auto request = std::make_shared<std::unique_ptr<PendingRequest>>();
            *request = m_session.tokenize(path, "a", this, [this, path, request, showModel](const Result<std::vector<TokenPiece>> &read) {
                if (read)
                    showModel();
                else
                    m_banner->showError({read.error().code,
                                         "Cannot open " + quotedValue(toStd(path)) +
                                             " on the engine's computer: it is no run there, and no model. " + read.error().message,
                                         "Check the path on that computer: a run has spec.json in its folder, a model config.json."});
            });
        }
    });
}

void MainWindow::openLink(const QString &link)
{
    m_notice->clear();
    m_pendingLink = link;
    m_isLinkRefused = false;
    openPendingLink();
}

void MainWindow::setLoadingPlugins(bool isLoading)
{
    m_pluginLoading = isLoading ? PluginLoading::UnderWay : PluginLoading::Done;
    openPendingLink();
}

void MainWindow::openPendingLink()
{
    if (m_pendingLink.isEmpty()) return;
    const QString link = m_pendingLink;
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    const Result<ViewLink> view = parseViewLink(link);
    // What is no link is refused at once; of others the run may not be listed yet.
    if (view && !view->state.value(u"run"_s).toString().isEmpty() && !isConnected) return;
    // A panel that nobody has may come with a plugin, which is loaded beside the window.
    const bool isPanelMissing = view && !panelCalled(view->panel);
    if (isPanelMissing && (m_pluginLoading == PluginLoading::UnderWay || m_isLinkRefused)) {
        if (m_pluginLoading == PluginLoading::Done) m_pendingLink.clear();
        return;
    }
    const Result<void> opened = openView(link);
    m_isLinkRefused = !opened;
    if (!isPanelMissing || m_pluginLoading == PluginLoading::Done) m_pendingLink.clear();
    if (opened) {
        m_recent->add(link);
        m_notice->clear();
    } else
        m_notice->showError(opened.error());
}

Result<void> MainWindow::openView(const QString &link)
{
    ORRERY_ASSIGN(const ViewLink view, parseViewLink(link));
    const std::string what = "Cannot open link " + quotedValue(toStd(link.left(200)));
    PanelFrame *panel = panelCalled(view.panel);
    if (!panel) {
        std::vector<std::string> words;
        for (const QString &word : panelWords()) words.push_back(toStd(word));
        return Error{ErrorCode::NotFound,
                     what + ": there is no panel " + quotedValue(toStd(view.panel)) + ", expected one of " +
                         joinText(words, ", ") + ".",
                     "It may belong to a plugin that is not installed here, or to a newer version."};
    }
    const QString run = view.state.value(u"run"_s).toString();
    const auto &runs = m_session.runs();
    const bool isListed = std::any_of(runs.begin(), runs.end(),
                                      [&run](const RunStatus &status) { return fromStd(status.id) == run; });
    if (!run.isEmpty() && !isListed)
        return Error{ErrorCode::NotFound, what + ": the engine has no run " + quotedValue(toStd(run)) + ".",
                     "Open its directory first (Ctrl+O), or connect to the computer that has it."};
    if (!run.isEmpty()) selectRun(run);
    showPanel(panel);
    if (panel->view().restore) panel->view().restore(view.state);
    return {};
}

PanelFrame *MainWindow::panelCalled(const QString &word) const
{
    const auto panels = findChildren<PanelFrame *>();
    const auto found = std::find_if(panels.begin(), panels.end(),
                                    [&word](const PanelFrame *panel) { return panel->view().panel == word; });
    return found == panels.end() ? nullptr : *found;
}

QStringList MainWindow::panelWords() const
{
    QStringList words;
    for (const PanelFrame *panel : findChildren<PanelFrame *>())
        if (const QString word = panel->view().panel; !word.isEmpty() && !words.contains(word)) words << word;
    words.sort();
    return words;
}

/// Opens the layout that a panel belongs to, and brings the panel to the front.
void MainWindow::showPanel(QWidget *panel)
{
    for (QWidget *widget = panel; widget; widget = widget->parentWidget()) {
        if (auto *dock = qobject_cast<QDockWidget *>(widget)) {
            const bool isOfPlugin = dock->objectName().startsWith("plugin_"_L1);
            if (isOfPlugin || (dock == m_microscopeDock && (m_layout == WindowLayout::Train || m_layout == WindowLayout::Compare)))
                showLayout(WindowLayout::Inspect);
            else if (dock == m_runDock)
                showLayout(WindowLayout::Train);
            dock->show();
            dock->raise();
            break;
        }
        if (widget == m_attention) return showLayout(WindowLayout::Inspect);
        if (widget == m_play) return showLayout(WindowLayout::Play);
        if (widget == m_newRun) return showNewRun();
        if (widget == m_plugins) return showPlugins();
        if (widget == m_compare) return showLayout(WindowLayout::Compare);
        if (widget == m_curves) return showLayout(WindowLayout::Train);
    }
}

} // namespace orrery::ui
