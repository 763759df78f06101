// SPDX-License-Identifier: GPL-3.0-or-later
// The surface every panel stands on: a rounded card with a title row, and in it, always in this order: the
// panel's own buttons, help, a link to the exact view, copy as command, export. Under it banners, the
// progress of long work, the content. GUI thread only. The shell may hide title or frame where a dock already
// shows them.
#pragma once

#include "core/base/result.h"

#include <QImage>
#include <QString>
#include <QStringList>
#include <QVariantMap>
#include <QWidget>

#include <functional>

class QHBoxLayout;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace orrery::ui {

class Banner;
class ElidedLabel;

/// What can be taken along of a panel. Functions are called when somebody asks for it; what they give is as
/// the panel is then.
struct PanelExport {
    QString fileName;         ///< proposed, without its ending
    QStringList figures = {}; ///< endings: "svg", "pdf", "png"; none: there is no figure
    QStringList data = {};    ///< endings: "csv", "npz", "json"
    std::function<Result<void>(const QString &)> save; ///< path with one of these endings; it overwrites
    std::function<QImage()> image = {};                ///< to copy; null: there is none
    std::function<QString()> table = {};               ///< CSV, to copy
    std::function<bool()> isEmpty = {};                ///< nothing is shown: the button says so
};

/// How a panel's view is written down in a link and found again.
struct PanelView {
    QString panel;                                    ///< "attention": a word that stays
    std::function<QVariantMap()> state;               ///< strings, numbers, lists of strings
    std::function<void(const QVariantMap &)> restore; ///< what it does not know it leaves alone
};

class PanelFrame : public QWidget {
    Q_OBJECT
public:
    explicit PanelFrame(const QString &title, QWidget *parent = nullptr);
    void setTitle(const QString &title);
    [[nodiscard]] QString title() const;
    void setTitleVisible(bool isVisible);
    void setFrameVisible(bool isVisible);
    /// Adds a widget to the right end of the title row.
    void addTitleWidget(QWidget *widget);
    /// Icon button in the title row; its tool tip is also its accessible name.
    QToolButton *addTitleButton(const QString &iconName, const QString &toolTip);
    /// Replaces the content; the frame owns it.
    void setContent(QWidget *content);
    [[nodiscard]] QWidget *content() const { return m_content; }
    void setExport(PanelExport what);
    void setView(PanelView view);
    [[nodiscard]] const PanelView &view() const { return m_view; }
    [[nodiscard]] QString viewLink() const; ///< "orrery:attention?run=…"; empty: it has no view (view_link.h)
    /// The command-line twin of what is shown; an empty answer disables the button.
    void setCommand(std::function<QString()> command);
    [[nodiscard]] QString commandText() const;
    /// What a first-time reader cannot see from the panel itself: a sentence or two.
    void setHelp(const QString &text);
    /// What a screen reader says of the panel's content as a whole.
    void setSummary(const QString &text);
    /// Long work under way. @param fraction 0 … 1, below 0: not known   @param cancel empty: it cannot be
    void setProgress(const QString &text, double fraction, std::function<void()> cancel = {});
    void clearProgress();

    /// The panel's own banner, hidden until it has something to say.
    [[nodiscard]] Banner *banner() const { return m_banner; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void refreshTools();

    PanelExport m_exportOf;
    PanelView m_view;
    std::function<QString()> m_command;
    class PanelTools *m_tools = nullptr; ///< of the title row; made when the first of them is set
    class ProgressRow *m_progress = nullptr;
    QVBoxLayout *m_layout;
    QWidget *m_titleRow;
    QHBoxLayout *m_titleLayout;
    ElidedLabel *m_title;
    Banner *m_banner;
    QWidget *m_content = nullptr;
    bool m_isFrameVisible = true;
};

/// Flat tool button with an icon of the theme that follows light and dark.
QToolButton *makeIconButton(const QString &iconName, const QString &toolTip, QWidget *parent);
/// Keeps an icon of the theme on a button or action; works for QAbstractButton and QAction.
void bindIcon(QObject *target, const QString &iconName);
/// Marks a push button as the one that goes on.
void makePrimary(QPushButton *button);
/// A thin line between sections, in the border colour.
QWidget *makeSeparator(QWidget *parent);

} // namespace orrery::ui
