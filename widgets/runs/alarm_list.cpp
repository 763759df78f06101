// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/alarm_list.h"

#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/alarm_text.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::ui {

AlarmList::AlarmList(QWidget *parent) : QWidget(parent), m_layout(new QVBoxLayout(this))
{
    setObjectName(u"alarmList"_s);
    m_layout->setContentsMargins(space::kOne, space::kHalf, space::kHalf, space::kHalf);
    m_layout->setSpacing(space::kOne);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    hide();
}

void AlarmList::setAlarms(const std::vector<RunAlarm> &alarms)
{
    if (alarms == m_alarms) { // called every second, for "4 min ago"
        tellTimes();
        return;
    }
    m_alarms = alarms;
    for (const Row &row : m_rows) delete row.widget;
    m_rows.clear();
    QStringList words;
    for (const RunAlarm &alarm : m_alarms) {
        m_rows.push_back(makeRow(alarm, &alarm == &m_alarms.back()));
        m_layout->insertWidget(0, m_rows.back().widget);
        words.prepend(alarmLine(alarm, wallNow()));
    }
    setAccessibleName(numAlarmsText(m_alarms.size()));
    setAccessibleDescription(words.join(u' '));
    tellTimes();
    setVisible(!m_alarms.empty());
}

AlarmList::Row AlarmList::makeRow(const RunAlarm &alarm, bool isOpen)
{
    auto *widget = new QWidget(this);
    const QString kind = alarmWord(alarm.kind);
    auto *icon = makeIconButton(u"warning"_s, QString(), widget);
    icon->setFocusPolicy(Qt::NoFocus);
    icon->setAttribute(Qt::WA_TransparentForMouseEvents);
    icon->setAccessibleName(tr("Alarm"));
    auto *word = new ToneLabel(kind, Tone::Warning, TypeSize::Heading, widget);
    word->setWordWrap(true);
    word->setMinimumWidth(60);
    auto *open = makeIconButton(u"chevron-down"_s, tr("What was found, and what to do about it"), widget);
    open->setObjectName(u"openAlarm"_s);
    open->setAccessibleName(tr("%1: what was found, and what to do about it").arg(kind));
    open->setCheckable(true);
    open->setChecked(isOpen);
    auto *since = new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, widget);
    auto *text = new ToneLabel(fromStd(alarm.text), Tone::Text, TypeSize::Small, widget);
    for (ToneLabel *label : {since, text}) {
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
        label->setMinimumWidth(80);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    text->setObjectName(u"alarmText"_s);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::kHalf);
    head->addWidget(icon);
    head->addWidget(word, 1);
    auto *layout = new QVBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addLayout(head);
    layout->addWidget(since);
    layout->addWidget(text);
    if (!alarm.series.empty()) {
        auto *show = new QPushButton(tr("Show curve"), widget);
        show->setObjectName(u"showAlarm"_s);
        show->setFlat(true);
        show->setAccessibleName(tr("Show %1 on the curve").arg(kind));
        connect(show, &QPushButton::clicked, this,
                [this, series = fromStd(alarm.series), step = qint64(alarm.step)] {
                    Q_EMIT curveRequested(series, step);
                });
        head->addWidget(show);
    }
    head->addWidget(open);
    text->setVisible(isOpen);
    connect(open, &QToolButton::toggled, text, &QWidget::setVisible);
    return {widget, since};
}

void AlarmList::tellTimes()
{
    for (size_t i = 0; i < m_rows.size(); ++i)
        m_rows[i].since->setText(alarmSinceText(m_alarms[i], wallNow()));
}

void AlarmList::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor ground = toneColor(Tone::Warning), edge = ground;
    ground.setAlphaF(0.10F);
    edge.setAlphaF(0.45F);
    painter.setPen(QPen(edge, 1));
    painter.setBrush(ground);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
}

} // namespace orrery::ui
