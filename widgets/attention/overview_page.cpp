// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/overview_page.h"

#include "widgets/common/glossary.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {

OverviewPage::OverviewPage(QWidget *parent)
    : QWidget(parent), m_title(new ElidedLabel(QString(), Tone::Text, TypeSize::Heading, this)),
      m_reading(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, this)),
      m_pages(new SegmentedChoice(this)), m_sort(new QComboBox(this)), m_overlay(new QPushButton(this)),
      m_view(new OverviewView(this))
{
    setObjectName(u"overviewPage"_s);
    m_title->setObjectName(u"overviewTitle"_s);
    m_reading->setObjectName(u"overviewReading"_s);
    m_reading->setProperty("meaning", glossaryHover(u"attention/head"_s));
    m_sort->setObjectName(u"headSort"_s);
    m_sort->setAccessibleName(tr("Order of the heads"));
    m_sort->addItem(tr("by layer and head"), int(HeadSort::Position));
    m_sort->addItem(tr("by entropy, nats"), int(HeadSort::Entropy));
    m_sort->addItem(tr("by distance, tokens"), int(HeadSort::Distance));
    m_sort->addItem(tr("by difference"), int(HeadSort::Difference));
    m_sort->setToolTip(tr(
        "Highest first. Difference: half of what the weights of a row differ by from the step that is compared "
        "with, mean over the rows, 0 … 1"));
    m_pages->setObjectName(u"headsOrModalities"_s);
    m_pages->addChoice(u"heads"_s, tr("Heads"), tr("Which tokens each head reads (M)"));
    m_pages->addChoice(u"modalities"_s, tr("Modalities"), tr("Which modality looks at which (M)"));
    m_pages->setCurrent(u"heads"_s);
    m_pages->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    m_pages->hide();
    m_overlay->setObjectName(u"showOverlay"_s);
    m_overlay->setToolTip(tr("Shows the chosen heads in one map, each in its colour (O)"));
    auto *row = new QHBoxLayout;
    row->setSpacing(space::kOne);
    row->addWidget(m_pages);
    row->addWidget(m_title, 1);
    row->addWidget(m_overlay);
    row->addWidget(m_sort);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(row);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_reading);
    connect(m_sort, &QComboBox::currentIndexChanged, this, &OverviewPage::sortChanged);
    connect(m_pages, &SegmentedChoice::chosen, this, [this] {
        m_pages->setCurrent(u"heads"_s); // the other page has the same choice
        Q_EMIT modalitiesRequested();
    });
    connect(m_overlay, &QPushButton::clicked, this, &OverviewPage::overlayRequested);
    connect(m_view, &OverviewView::selectionChanged, this, &OverviewPage::refreshSelection);
    connect(m_view, &OverviewView::currentChanged, this, [this] { showReading(QString()); });
    connect(m_view, &OverviewView::hovered, this, &OverviewPage::showReading);
    refreshSelection();
}

HeadSort OverviewPage::sort() const { return static_cast<HeadSort>(m_sort->currentData().toInt()); }

void OverviewPage::setContent(const OverviewContent &content)
{
    m_view->setContent(content);
    int64_t layers = 0, heads = 0;
    for (const HeadTile &tile : m_view->scene().tiles()) {
        layers = std::max(layers, tile.head.layer + 1);
        heads = std::max(heads, tile.head.head + 1);
    }
    const bool hasCaptions = content.sort == HeadSort::Position && layers > 0;
    QString title = layers == 0 ? tr("Heads") : tr("%1 layers × %2 heads").arg(layers).arg(heads);
    QStringList hover;
    if (m_otherStep) {
        title = tr("Step %1, %2").arg(integerText(*m_otherStep), title);
        hover << tr("The step of the map was kept of starred heads alone: this is the nearest one of all heads");
    }
    if (hasCaptions) hover << tr("Below a head: entropy in nats · distance in tokens");
    m_title->setFullText(title);
    m_title->setToolTip(hover.join(u'\n'));
    refreshSelection();
}

void OverviewPage::setCurrent(const HeadRef &head)
{
    m_view->setCurrent(head);
    showReading(QString());
}

void OverviewPage::setHasHeadBeside(bool hasIt)
{
    if (std::exchange(m_hasHeadBeside, hasIt) != hasIt) showReading(QString());
}

void OverviewPage::showReading(const QString &ofHovered)
{
    const QString ofCurrent = m_view->sentenceOf(m_view->current());
    if (!ofHovered.isEmpty() && ofHovered != ofCurrent)
        m_reading->setFullText(ofHovered);
    else
        m_reading->setFullText(m_hasHeadBeside ? QString() : ofCurrent);
}

void OverviewPage::setSort(HeadSort sort) { m_sort->setCurrentIndex(m_sort->findData(int(sort))); }

void OverviewPage::setHasModalities(bool hasThem) { m_pages->setVisible(hasThem); }

void OverviewPage::refreshSelection()
{
    const auto count = int(m_view->selected().size());
    m_overlay->setVisible(count > 1);
    m_overlay->setText(tr("Overlay %1 heads").arg(count));
}

int OverviewPage::choicesWidth() const
{
    const int pages = m_pages->isHidden() ? 0 : m_pages->sizeHint().width() + space::kOne;
    return pages + m_sort->sizeHint().width() + 40;
}

int OverviewPage::otherHeight() const
{
    return std::max(m_sort->sizeHint().height(), m_title->sizeHint().height()) +
           m_reading->sizeHint().height() + 2 * space::kHalf;
}

int OverviewPage::preferredWidth(int height) const
{
    const FigureStyle style = FigureStyle::ofTheme();
    const OverviewLayout layout =
        m_view->scene().layout(QSizeF(1e5, std::max(60, height - otherHeight())), style);
    // In a sorted order the heads flow: as wide as the grid would be is enough.
    if (!layout.isGrid) return std::max(smallestWidth(), height);
    return std::max(int(std::ceil(layout.size.width())) + 2, choicesWidth() + 100);
}

int OverviewPage::smallestWidth() const
{
    const OverviewLayout layout = m_view->scene().layout(QSizeF(1, 1), FigureStyle::ofTheme());
    const int bar = 12; // of a scroll bar
    if (!layout.isGrid) return 360;
    return std::max(int(std::ceil(layout.size.width())) + bar, choicesWidth() + 100);
}

} // namespace orrery::ui
