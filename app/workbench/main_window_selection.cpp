// SPDX-License-Identifier: GPL-3.0-or-later
// What the whole window looks at, and how a click in one panel leads to another.
#include "app/workbench/main_window.h"

#include "core/spec/field_values.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/runs/run_panel.h"

#include <QAction>
#include <QApplication>
#include <QDockWidget>
#include <QMouseEvent>

#include <algorithm>

namespace orrery::ui {
namespace {

/// The two buttons at the side of a mouse, wherever the pointer is in the window.
class HistoryButtons : public QObject {
public:
    HistoryButtons(QWidget &window, QAction &back, QAction &forward)
        : QObject(&window), m_window(window), m_back(back), m_forward(forward)
    {
        qApp->installEventFilter(this);
    }

protected:
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        if (event->type() != QEvent::MouseButtonPress || !watched->isWidgetType()) return false;
        const Qt::MouseButton button = static_cast<QMouseEvent *>(event)->button();
        if (button != Qt::BackButton && button != Qt::ForwardButton) return false;
        if (static_cast<QWidget *>(watched)->window() != &m_window) return false;
        (button == Qt::BackButton ? m_back : m_forward).trigger();
        return true;
    }

private:
    QWidget &m_window;
    QAction &m_back, &m_forward;
};

} // namespace

void MainWindow::connectSelection()
{
    m_attention->setSelection(&m_selection);
    m_play->setSelection(&m_selection);
    connect(m_play, &PlaygroundPanel::inspectRequested, this, [this] { showLayout(WindowLayout::Inspect); });
    connect(m_runPanel, &RunPanel::lookInside, this, &MainWindow::lookInside);
    connect(m_microscope, &MicroscopePanel::branchRequested, this, &MainWindow::branch);
    connect(&m_selection, &Selection::historyChanged, this, &MainWindow::updateHistoryActions);
    connect(&m_selection, &Selection::changed, this, [this](const Focus &focus, QObject *by) {
        if (by != m_play) return;
        std::erase_if(m_playTexts,
                      [&focus](const auto &text) { return text.expired() || text.lock() == focus.text; });
        m_playTexts.push_back(focus.text);
    });
    new HistoryButtons(*this, *m_backAction, *m_forwardAction);
    // Attention goes back through its own places with the same keys while it has the focus.
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget *, QWidget *now) {
        const bool isOurs = !now || !m_attention->isAncestorOf(now);
        m_backAction->setShortcut(isOurs ? QKeySequence(Qt::ALT | Qt::Key_Left) : QKeySequence());
        m_forwardAction->setShortcut(isOurs ? QKeySequence(Qt::ALT | Qt::Key_Right) : QKeySequence());
    });
    updateHistoryActions();
}

void MainWindow::updateHistoryActions()
{
    setDisabledReason(*m_backAction,
                      m_selection.canGoBack() ? QString() : tr("Nothing was looked at before."));
    setDisabledReason(*m_forwardAction,
                      m_selection.canGoForward() ? QString() : tr("Nothing was looked at after this."));
}

void MainWindow::lookInside(const Focus &focus)
{
    m_selection.set(focus, this);
    showLayout(WindowLayout::Inspect);
    m_microscopeDock->show();
    m_microscopeDock->raise();
}

/// The playground goes on from the token that is looked at, with another one behind it, if it is one of its
/// answers.
void MainWindow::branch(const Focus &focus, const TokenAlternative &alternative)
{
    m_notice->clear();
    const bool isOfPlay = std::any_of(m_playTexts.begin(), m_playTexts.end(),
                                      [&focus](const auto &text) { return text.lock() == focus.text; });
    if (!isOfPlay) {
        m_notice->showError(
            {ErrorCode::Unavailable,
             "Cannot branch " + quotedValue(toStd(focus.title)) + ": it was not said in the playground.",
             "Ask the model in Play: every token of an answer can be branched."});
        return;
    }
    if (const Result<void> branched = m_play->branch(focus, alternative); !branched)
        return m_notice->showError(branched.error());
    m_selection.set(focus, this);
    showLayout(WindowLayout::Play);
}

} // namespace orrery::ui
