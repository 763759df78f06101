// SPDX-License-Identifier: GPL-3.0-or-later
// The right end of a panel's title row: help, link, command, export, always in this order. Its entries are
// also actions() of the panel, where the command palette finds them. Made by PanelFrame. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"

#include <QElapsedTimer>
#include <QPointer>
#include <QTimer>

#include <initializer_list>

class QAction;
class QFileDialog;
class QMenu;

namespace orrery::ui {

class PanelTools : public QWidget {
    Q_OBJECT
public:
    explicit PanelTools(PanelFrame &frame);
    ~PanelTools() override; ///< the focus that leaves its buttons asks nothing any more
    /// Of the frame itself; null: it has none.
    [[nodiscard]] static PanelTools *of(const PanelFrame &frame);

    void setExport(const PanelExport &what);
    void setHasLink();
    void setHasCommand();
    void setHelp(const QString &text);
    /// Asks the panel what can be had now; the palette does so before it lists the actions. To ask may be
    /// dear: else it is done only where a person is near. Where nobody is, nothing is grey: what was found
    /// out would not be true for long, and who clicks all the same is told.
    void refresh();
    /// What is shown has changed or somebody comes near: soon, but not oftener than every two seconds.
    void scheduleRefresh();
    void showHelp();
    /// Writes by the panel's function and says in its banner how it went.
    void saveTo(const QString &path);
    /// That function only begins: the panel tells by noteSaved() when the file is there.
    void setSavesLater() { m_savesLater = true; }
    void noteSaved(const QString &path, const Result<void> &saved);
    [[nodiscard]] const QString &help() const { return m_help; }
    /// Whether link and command are in the menu of the last button, because there is little room.
    [[nodiscard]] bool isCompact() const { return m_isCompact; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override; ///< as it is when compact

protected:
    void resizeEvent(QResizeEvent *event) override;
    void enterEvent(QEnterEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QAction *addEntry(const QString &name, const QString &text, const QString &icon);
    QToolButton *addButton(QAction *action, const QString &name);
    QToolButton *makeButton(const QString &name);
    void fillMenu();
    [[nodiscard]] int widthOf(std::initializer_list<bool> buttons) const;
    void askForPath(const QStringList &endings, const QString &title);
    void copyLink();
    void copyCommand();
    void copyFigure();
    void copyData();
    [[nodiscard]] static QString noCommandText();
    void sayCopied(QToolButton *button, const QString &what);
    void setReasons();
    [[nodiscard]] bool isNear() const; ///< the pointer or the focus is in the panel
    void forget();                     ///< what could be had: nobody is near any more

    PanelFrame &m_frame;
    PanelExport m_export;
    QString m_help;
    QAction *m_saveFigure, *m_saveData, *m_copyFigure, *m_copyData, *m_copyLink, *m_copyCommand, *m_showHelp;
    QToolButton *m_helpButton, *m_linkButton, *m_commandButton, *m_exportButton;
    QMenu *m_menu;
    QPointer<QFileDialog> m_dialog;
    QPointer<QWidget> m_popover;
    QTimer m_refreshTimer;
    QElapsedTimer m_sinceRefresh;
    bool m_hasLink = false, m_hasCommand = false, m_hasExport = false, m_isCompact = false;
    bool m_isKnown = false; ///< what can be had now
    bool m_savesLater = false;
};

} // namespace orrery::ui
