// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/stat_row.h"

#include "widgets/common/glossary.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace orrery::ui {

StatRow::StatRow(int count, QWidget *parent) : QWidget(parent)
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::kOne);
    for (int i = 0; i < count; ++i) {
        const Place place{new ElidedLabel({}, Tone::Secondary, TypeSize::Small, this),
                          new ElidedLabel({}, Tone::Text, TypeSize::Heading, this),
                          new ElidedLabel({}, Tone::Secondary, TypeSize::Small, this)};
        auto *column = new QVBoxLayout;
        column->setSpacing(0);
        for (ElidedLabel *label : {place.name, place.value, place.remark}) {
            // The numbers share the row evenly, however long their remarks are.
            label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
            column->addWidget(label);
        }
        row->addLayout(column, 1);
        m_places.push_back(place);
    }
}

void StatRow::setStats(const std::vector<Stat> &stats)
{
    m_stats = stats;
    for (size_t i = 0; i < m_places.size(); ++i) {
        const Stat stat = i < stats.size() ? stats[i] : Stat();
        m_places[i].name->setFullText(stat.name);
        m_places[i].value->setFullText(stat.value);
        m_places[i].value->setAccessibleName(stat.name + QLatin1Char(' ') + stat.value);
        m_places[i].remark->setFullText(stat.remark);
        const QString meaning = glossaryHover(stat.term);
        for (ElidedLabel *label : {m_places[i].name, m_places[i].value}) {
            if (label->property("meaning").toString() == meaning) continue;
            label->setProperty("meaning", meaning); // an elided label makes its hover of it
            label->setElideMode(Qt::ElideRight); // makes its hover anew
        }
    }
}

} // namespace orrery::ui
