// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/panel_frame.h"

#include "widgets/common/banner.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/view_link.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QAction>
#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

class Separator : public QWidget {
public:
    explicit Separator(QWidget *parent) : QWidget(parent) { setFixedHeight(1); }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter(this).fillRect(rect(), Theme::instance().tokens().border);
    }
};

} // namespace

PanelFrame::PanelFrame(const QString &title, QWidget *parent)
    : QWidget(parent), m_layout(new QVBoxLayout(this)), m_titleRow(new QWidget(this)),
      m_titleLayout(new QHBoxLayout(m_titleRow)),
      m_title(new ElidedLabel(title, Tone::Text, TypeSize::Heading, m_titleRow)), m_banner(new Banner(this))
{
    m_layout->setContentsMargins(space::kOne + space::kHalf, space::kOne, space::kOne + space::kHalf,
                                 space::kOne + space::kHalf);
    m_layout->setSpacing(space::kOne);
    m_titleLayout->setContentsMargins(0, 0, 0, 0);
    m_titleLayout->setSpacing(space::kHalf);
    m_titleRow->setMinimumHeight(28);
    m_titleLayout->addWidget(m_title, 1);
    m_layout->addWidget(m_titleRow);
    m_layout->addWidget(m_banner);
    m_banner->hide();
    setAccessibleName(title);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void PanelFrame::setTitle(const QString &title)
{
    const bool isOther = title != m_title->fullText();
    m_title->setFullText(title);
    setAccessibleName(title);
    if (isOther && m_tools) m_tools->scheduleRefresh(); // something else is shown
}

QString PanelFrame::title() const { return m_title->fullText(); }

void PanelFrame::setTitleVisible(bool isVisible) { m_title->setVisible(isVisible); }

void PanelFrame::setFrameVisible(bool isVisible)
{
    m_isFrameVisible = isVisible;
    update();
}

void PanelFrame::addTitleWidget(QWidget *widget)
{
    // The tools stay at the right end.
    if (m_tools)
        m_titleLayout->insertWidget(m_titleLayout->indexOf(m_tools), widget);
    else
        m_titleLayout->addWidget(widget);
}

QToolButton *PanelFrame::addTitleButton(const QString &iconName, const QString &toolTip)
{
    QToolButton *button = makeIconButton(iconName, toolTip, m_titleRow);
    addTitleWidget(button);
    return button;
}

void PanelFrame::setContent(QWidget *content)
{
    if (m_content) {
        m_layout->removeWidget(m_content);
        m_content->deleteLater();
    }
    m_content = content;
    m_layout->addWidget(content, 1);
}

void PanelFrame::setExport(PanelExport what)
{
    m_exportOf = std::move(what);
    refreshTools();
    m_tools->setExport(m_exportOf);
}

void PanelFrame::setView(PanelView view)
{
    m_view = std::move(view);
    refreshTools();
    m_tools->setHasLink();
}

QString PanelFrame::viewLink() const
{
    if (m_view.panel.isEmpty()) return {};
    return viewLinkText({m_view.panel, m_view.state ? m_view.state() : QVariantMap()});
}

void PanelFrame::setCommand(std::function<QString()> command)
{
    m_command = std::move(command);
    refreshTools();
    m_tools->setHasCommand();
}

QString PanelFrame::commandText() const { return m_command ? m_command() : QString(); }

void PanelFrame::setHelp(const QString &text)
{
    refreshTools();
    m_tools->setHelp(text);
}

void PanelFrame::setSummary(const QString &text)
{
    if (text == accessibleDescription()) return;
    setAccessibleDescription(text);
    if (m_tools) m_tools->scheduleRefresh(); // something else is shown
}

void PanelFrame::setProgress(const QString &text, double fraction, std::function<void()> cancel)
{
    if (!m_progress) {
        m_progress = new ProgressRow(this);
        m_layout->insertWidget(m_layout->indexOf(m_banner) + 1, m_progress);
    }
    m_progress->setProgress(text, fraction, std::move(cancel));
}

void PanelFrame::clearProgress()
{
    if (m_progress) m_progress->clear();
}

void PanelFrame::refreshTools()
{
    if (m_tools) return;
    m_tools = new PanelTools(*this);
    m_titleLayout->addWidget(m_tools);
}

void PanelFrame::paintEvent(QPaintEvent *)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    QPainter painter(this);
    if (!m_isFrameVisible) {
        painter.fillRect(rect(), tokens.surface);
        return;
    }
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(tokens.border, 1));
    painter.setBrush(tokens.surface);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
}

void bindIcon(QObject *target, const QString &iconName)
{
    if (target->property("orreryIcon").toString() == iconName) return;
    auto apply = [target, iconName] {
        const QIcon icon = Theme::instance().icon(iconName);
        if (auto *button = qobject_cast<QAbstractButton *>(target)) button->setIcon(icon);
        if (auto *action = qobject_cast<QAction *>(target)) action->setIcon(icon);
    };
    apply();
    target->setProperty("orreryIcon", iconName);
    if (target->property("orreryIconBound").toBool()) return;
    target->setProperty("orreryIconBound", true);
    QObject::connect(&Theme::instance(), &Theme::changed, target, [target] {
        const QIcon icon = Theme::instance().icon(target->property("orreryIcon").toString());
        if (auto *button = qobject_cast<QAbstractButton *>(target)) button->setIcon(icon);
        if (auto *action = qobject_cast<QAction *>(target)) action->setIcon(icon);
    });
}

QToolButton *makeIconButton(const QString &iconName, const QString &toolTip, QWidget *parent)
{
    auto *button = new QToolButton(parent);
    button->setAutoRaise(true);
    button->setToolTip(toolTip);
    button->setAccessibleName(toolTip);
    button->setIconSize(QSize(16, 16));
    bindIcon(button, iconName);
    return button;
}

void makePrimary(QPushButton *button)
{
    button->setProperty("primary", true);
    button->setDefault(true);
}

QWidget *makeSeparator(QWidget *parent) { return new Separator(parent); }

} // namespace orrery::ui
