// SPDX-License-Identifier: GPL-3.0-or-later
// The page of plugins: what the engine has, in which version and state, why something is not used, and the
// settings of each. The list comes from the engine, which may be another computer. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/session/engine_session.h"

#include <map>
#include <string>

class QSplitter;
class QStackedWidget;
class QTableView;

namespace orrery::ui {

class EmptyState;
class PluginDetails;
class PluginListModel;

class PluginsPanel : public PanelFrame {
    Q_OBJECT
public:
    explicit PluginsPanel(EngineSession &session, QWidget *parent = nullptr);
    /// Asks the engine again; it looks at its folders anew. Also done whenever the page is opened or the
    /// engine comes back.
    void refresh();
    /// What became of the window halves that this window loaded, by id; an empty text is fine.
    void setUiProblems(const std::map<std::string, QString> &problems);
    [[nodiscard]] const std::vector<PluginInfo> &plugins() const;
    [[nodiscard]] PluginListModel *model() const { return m_model; }
    [[nodiscard]] QTableView *view() const { return m_view; }
    [[nodiscard]] PluginDetails *details() const { return m_details; }

Q_SIGNALS:
    void closeRequested();
    /// Keys and texts for the form of a new run, parts first.
    void useRequested(const QList<std::pair<QString, QString>> &values);

protected:
    bool event(QEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void takeListing(const Result<PluginListingValue> &listing);
    void showProblems(const std::vector<Error> &problems);
    void showSelected();
    void fitColumns();
    void updateEmptyState();
    void adoptFrame();
    [[nodiscard]] QString table() const;
    [[nodiscard]] QString selectedId() const;

    EngineSession &m_session;
    PluginListModel *m_model;
    QTableView *m_view;
    PluginDetails *m_details;
    QSplitter *m_splitter;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
    QString m_wantedId;   ///< stays selected over a refresh
    quint64 m_ticket = 0; ///< an answer to an older question is dropped
    int m_widthOfOthers = 0; ///< of the columns before the last
    bool m_isAsking = false;
    bool m_isTaking = false;
};

} // namespace orrery::ui
