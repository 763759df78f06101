// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/head_page.h"

#include "widgets/common/glossary.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrapped_label.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QAction>
#include <QHBoxLayout>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {

HeadPage::HeadPage(QWidget *parent)
    : QWidget(parent), m_title(new ElidedLabel(QString(), Tone::Text, TypeSize::Heading, this)),
      m_summary(new WrappedLabel(Tone::Secondary, TypeSize::Small, this)),
      m_reading(new WrappedLabel(Tone::Secondary, TypeSize::Base, this)), m_star(new QToolButton(this)),
      m_granularity(new SegmentedChoice(this)), m_scale(new SegmentedChoice(this)),
      m_value(new SegmentedChoice(this)), m_view(new HeadView(this))
{
    setObjectName(u"headPage"_s);
    m_star->setObjectName(u"starHead"_s);
    m_star->setAutoRaise(true);
    m_star->setIconSize(QSize(16, 16));
    m_reading->setObjectName(u"cellReading"_s);
    m_summary->setObjectName(u"headSummary"_s);
    m_summary->setToolTip(glossaryHover(u"attention/head"_s));
    m_granularity->setObjectName(u"granularity"_s);
    m_granularity->addChoice(u"token"_s, tr("Token"), tr("A row and a column for each token"));
    m_granularity->addChoice(u"word"_s, tr("Word"),
                             tr("Words: sum over what is looked at, mean over what looks"));
    m_granularity->addChoice(u"line"_s, tr("Line"),
                             tr("Lines: sum over what is looked at, mean over what looks"));
    m_granularity->setCurrent(u"token"_s);
    m_scale->setObjectName(u"scaleChoice"_s);
    m_scale->addChoice(u"root"_s, u"√"_s, tr("Square root colour scale: weak weights are seen"));
    m_scale->addChoice(u"linear"_s, tr("Linear"),
                       tr("Linear colour scale: equal steps of colour are equal weights"));
    m_scale->setCurrent(u"root"_s);
    m_value->setObjectName(u"valueChoice"_s);
    m_value->addChoice(u"max"_s, tr("Max"), tr("A cell shows its largest weight: a sharp one is never lost"));
    m_value->addChoice(u"mean"_s, tr("Mean"), tr("A cell shows the mean of its weights"));
    m_value->setCurrent(u"max"_s);
    for (SegmentedChoice *choice : {m_granularity, m_scale, m_value}) {
        choice->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
        connect(choice, &SegmentedChoice::chosen, this, &HeadPage::choicesChanged);
    }
    m_scale->button(u"root"_s)->setAccessibleName(tr("Square root"));

    auto *row = new QHBoxLayout;
    row->setSpacing(space::kOne);
    row->addWidget(m_title);
    row->addWidget(m_star);
    row->addStretch(1);
    row->addWidget(m_granularity);
    row->addWidget(m_value);
    row->addWidget(m_scale);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(row);
    layout->addWidget(m_summary);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_reading);
    setReading({});
}

AttentionLook HeadPage::look() const
{
    AttentionLook look;
    look.granularity = granularity();
    if (m_scale->current() == u"linear"_s) look.scale = ScaleKind::Linear;
    if (m_value->current() == u"mean"_s) look.value = CellValue::Mean;
    return look;
}

Granularity HeadPage::granularity() const
{
    const QString id = m_granularity->current();
    return id == u"word"_s   ? Granularity::Word
           : id == u"line"_s ? Granularity::Line
                             : Granularity::Token;
}

void HeadPage::setLook(const AttentionLook &look)
{
    m_granularity->setCurrent(look.granularity == Granularity::Word   ? u"word"_s
                              : look.granularity == Granularity::Line ? u"line"_s
                                                                      : u"token"_s);
    m_scale->setCurrent(look.scale == ScaleKind::Linear ? u"linear"_s : u"root"_s);
    m_value->setCurrent(look.value == CellValue::Mean ? u"mean"_s : u"max"_s);
}

void HeadPage::setChoices(const QString &whyNotGroup, bool isPooled, bool isExact)
{
    m_granularity->setEnabled(whyNotGroup.isEmpty());
    m_granularity->setToolTip(whyNotGroup);
    m_value->setVisible(isPooled);
    m_value->setEnabled(!isExact);
    m_value->setToolTip(isExact ? tr("Each token is seen by itself here. Zoom out: cells of several tokens have both.")
                                : QString());
}

void HeadPage::setTitle(const QString &title, const QString &summary)
{
    m_title->setFullText(title);
    m_numbers = summary;
    showTitle();
}

/// Where the choices leave no room for it, the line below begins with it.
void HeadPage::showTitle()
{
    const bool hasRoom = width() >= smallestWidth() + 70;
    m_title->setVisible(hasRoom);
    m_summary->setSentence(
        hasRoom || m_title->fullText().isEmpty() ? m_numbers : m_title->fullText() + u" · "_s + m_numbers);
}

void HeadPage::setStarAction(QAction *action)
{
    m_star->setDefaultAction(action);
    m_star->setToolButtonStyle(Qt::ToolButtonIconOnly);
}

void HeadPage::setReading(const QString &sentence)
{
    m_reading->setTone(sentence.isEmpty() ? Tone::Secondary : Tone::Text);
    m_reading->setSentence(
        sentence.isEmpty() ? tr("Rows look, columns are looked at. Point at a cell; click to keep its row.")
                           : sentence);
}

QString HeadPage::reading() const { return m_reading->text(); }

int HeadPage::smallestWidth() const
{
    int width = m_star->sizeHint().width() + space::kOne;
    for (const SegmentedChoice *choice : {m_granularity, m_value, m_scale})
        if (!choice->isHidden()) width += choice->sizeHint().width() + space::kOne;
    return width;
}

void HeadPage::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    showTitle();
}

int HeadPage::preferredWidth(int height) const
{
    const int others = m_title->parentWidget()->height() > 0
                           ? layout()->itemAt(0)->sizeHint().height() + m_summary->sizeHint().height() +
                                 m_reading->sizeHint().height() + 3 * space::kHalf
                           : 0;
    return std::max(int(m_view->preferredWidth(std::max(60, height - others))) + 2, smallestWidth() + 110);
}

} // namespace orrery::ui
