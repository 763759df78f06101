// SPDX-License-Identifier: GPL-3.0-or-later
// The tree of the versions of one answer: click or arrows show one, Del takes one away. Takes values; what is
// asked of it is signalled. Hidden by its owner while there is one version only. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/play/generation_version.h"

#include <vector>

class QListView;

namespace orrery::ui {

class VersionTreeModel;

class VersionView : public PanelFrame {
    Q_OBJECT
public:
    explicit VersionView(QWidget *parent = nullptr);
    /// @param shown index in the list; -1: none
    void setVersions(const std::vector<VersionPtr> &versions, int shown);
    void announce(const VersionPtr &version);
    /// Names the undo button after what it brings back; empty: nothing.
    void setUndoText(const QString &text);
    [[nodiscard]] VersionTreeModel *model() const { return m_model; }
    [[nodiscard]] QListView *list() const { return m_list; }
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void showRequested(int index); ///< in the list that was given, as all of these
    void removeRequested(int index);
    void copyRequested(int index);
    void undoRequested();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void openMenu(const QPoint &at);
    [[nodiscard]] int currentVersion() const; ///< -1: none

    VersionTreeModel *m_model;
    QListView *m_list;
    QToolButton *m_undo;
    bool m_isSetting = false;
};

} // namespace orrery::ui
