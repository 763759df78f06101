// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/empty_state.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrap_row.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QResizeEvent>
#include <QVBoxLayout>

#include <algorithm>

namespace orrery::ui {

EmptyState::EmptyState(const QString &title, const QString &sentence, QWidget *parent)
    : QWidget(parent), m_title(new ToneLabel(QString(), Tone::Text, TypeSize::Heading, this)),
      m_sentence(new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, this)), m_buttons(new WrapRow(Qt::AlignHCenter))
{
    m_title->setAlignment(Qt::AlignHCenter);
    m_title->setWordWrap(true);
    m_sentence->setAlignment(Qt::AlignHCenter);
    m_sentence->setWordWrap(true);
    m_sentence->setMaximumWidth(420);
    m_sentence->setMinimumWidth(120);
    m_buttons->setContentsMargins(0, space::kOne, 0, 0);
    auto *sentenceRow = new QHBoxLayout;
    sentenceRow->addStretch(1);
    sentenceRow->addWidget(m_sentence, 100);
    sentenceRow->addStretch(1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::kOne, space::kHalf, space::kOne, space::kHalf);
    layout->setSpacing(space::kOne);
    layout->addStretch(2);
    layout->addWidget(m_title);
    layout->addLayout(sentenceRow);
    layout->addLayout(m_buttons);
    layout->addStretch(3);
    setTexts(title, sentence);
}

void EmptyState::setTexts(const QString &title, const QString &sentence)
{
    m_title->setText(title);
    m_title->setVisible(!title.isEmpty());
    m_sentence->setText(sentence);
    setAccessibleName(title);
    setAccessibleDescription(sentence);
}

QSize EmptyState::minimumSizeHint() const
{
    const QSize least = layout()->totalMinimumSize();
    if (!isVisible()) return least;
    return {least.width(), layout()->totalMinimumHeightForWidth(std::max(width(), least.width()))};
}

void EmptyState::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    if (event->size().width() != event->oldSize().width()) updateGeometry();
}

QPushButton *EmptyState::addButton(const QString &text, const QString &iconName)
{
    const bool isFirst = m_buttons->count() == 0;
    QPushButton *button = addPlainButton(text, isFirst ? QString() : iconName);
    if (isFirst) makePrimary(button);
    return button;
}

QPushButton *EmptyState::addPlainButton(const QString &text, const QString &iconName)
{
    auto *button = new QPushButton(text, this);
    if (!iconName.isEmpty()) bindIcon(button, iconName);
    m_buttons->addWidget(button);
    return button;
}

} // namespace orrery::ui
