// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/segmented_choice.h"

#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QRadioButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kLeastPadding = 6;

} // namespace

/// Painted as a segment; a radio button underneath, so that keys, roles and exclusiveness come with it.
class SegmentedChoice::Segment : public QRadioButton {
public:
    Segment(const QString &text, QWidget *parent) : QRadioButton(text, parent)
    {
        setFont(typeFont(TypeSize::Base));
        setMouseTracking(true);
        setCursor(Qt::PointingHandCursor);
        setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    }
    [[nodiscard]] QSize sizeHint() const override
    {
        return {fontMetrics().horizontalAdvance(text()) + 2 * (space::kOne + space::kHalf), 28};
    }
    /// Closer together where there is no room; the words stay whole.
    [[nodiscard]] QSize minimumSizeHint() const override
    {
        return {fontMetrics().horizontalAdvance(text()) + 2 * kLeastPadding, 28};
    }

protected:
    bool hitButton(const QPoint &position) const override { return rect().contains(position); }
    void enterEvent(QEnterEvent *event) override
    {
        QRadioButton::enterEvent(event);
        update();
    }
    void leaveEvent(QEvent *event) override
    {
        QRadioButton::leaveEvent(event);
        update();
    }
    void keyPressEvent(QKeyEvent *event) override
    {
        const int by = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
        const QLayout *layout = parentWidget()->layout();
        const QLayoutItem *next = by == 0 ? nullptr : layout->itemAt(layout->indexOf(this) + by);
        if (auto *segment = next ? qobject_cast<QRadioButton *>(next->widget()) : nullptr) {
            segment->setFocus(Qt::TabFocusReason);
            segment->click();
            return;
        }
        QRadioButton::keyPressEvent(event);
    }
    void paintEvent(QPaintEvent *) override
    {
        const ThemeTokens &tokens = Theme::instance().tokens();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const QRectF area = QRectF(rect()).adjusted(1.5, 1.5, -1.5, -1.5);
        if (isChecked()) {
            painter.setPen(QPen(tokens.border, 1));
            painter.setBrush(tokens.surface);
            painter.drawRoundedRect(area, 4, 4);
        } else if (underMouse() && isEnabled()) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(tokens.border);
            painter.drawRoundedRect(area, 4, 4);
        }
        if (hasFocus()) {
            painter.setPen(QPen(tokens.accent, 1.5));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(area, 4, 4);
        }
        QFont font = this->font();
        font.setWeight(isChecked() ? QFont::DemiBold : QFont::Normal);
        painter.setFont(font);
        painter.setPen(!isEnabled() || !isChecked() ? tokens.secondary : tokens.accent);
        painter.drawText(rect(), Qt::AlignCenter, text());
    }
};

namespace {

class Ground : public QWidget {
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent *) override
    {
        const ThemeTokens &tokens = Theme::instance().tokens();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(tokens.border, 1));
        painter.setBrush(tokens.window);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
    }
};

} // namespace

SegmentedChoice::SegmentedChoice(QWidget *parent) : QWidget(parent)
{
    auto *ground = new Ground(this);
    auto *outer = new QHBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(ground);
    outer->addStretch(1);
    m_layout = new QHBoxLayout(ground);
    m_layout->setContentsMargins(1, 1, 1, 1);
    m_layout->setSpacing(0);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        for (QAbstractButton *button : std::as_const(m_buttons)) button->setFont(typeFont(TypeSize::Base));
        update();
    });
}

void SegmentedChoice::addChoice(const QString &id, const QString &text, const QString &toolTip)
{
    auto *segment = new Segment(text, m_layout->parentWidget());
    segment->setObjectName(u"segment_"_s + id);
    segment->setToolTip(toolTip);
    segment->setAccessibleName(text);
    segment->setAccessibleDescription(toolTip);
    m_layout->addWidget(segment);
    m_ids.append(id);
    m_buttons.append(segment);
    connect(segment, &QRadioButton::toggled, this, [this, id](bool isOn) {
        if (!isOn || m_current == id) return;
        m_current = id;
        Q_EMIT chosen(id);
    });
}

void SegmentedChoice::setCurrent(const QString &id)
{
    m_current = id;
    for (qsizetype i = 0; i < m_ids.size(); ++i) {
        QAbstractButton *button = m_buttons[i];
        const bool isOn = m_ids[i] == id;
        if (button->isChecked() == isOn) continue;
        const QSignalBlocker blocker(button);
        button->setAutoExclusive(isOn); // an exclusive button cannot be switched off by itself
        button->setChecked(isOn);
        button->setAutoExclusive(true);
    }
    update();
    for (QAbstractButton *button : std::as_const(m_buttons)) button->update();
}

QAbstractButton *SegmentedChoice::button(const QString &id) const
{
    const qsizetype index = m_ids.indexOf(id);
    return index < 0 ? nullptr : m_buttons[index];
}

} // namespace orrery::ui
