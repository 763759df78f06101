// SPDX-License-Identifier: GPL-3.0-or-later
// The surface every panel stands on: a rounded card with a title row, actions at its right end, banners under
// it, and the content. GUI thread only. The shell may hide title or frame where a dock already shows them.
#pragma once

#include <QWidget>

class QHBoxLayout;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace orrery::ui {

class Banner;
class ElidedLabel;

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
    /// The panel's own banner, hidden until it has something to say.
    [[nodiscard]] Banner *banner() const { return m_banner; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
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
