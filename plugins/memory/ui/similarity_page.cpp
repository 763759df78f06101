// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/similarity_page.h"

#include "plugins/memory/ui/memory_text.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QHBoxLayout>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <unordered_map>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr qsizetype kNameLength = 22;

} // namespace

SimilarityPage::SimilarityPage(QWidget *parent)
    : QWidget(parent), m_orderChoice(new ui::SegmentedChoice(this)),
      m_count(new ui::ElidedLabel({}, ui::Tone::Secondary, ui::TypeSize::Small, this)),
      m_reading(new ui::ElidedLabel({}, ui::Tone::Text, ui::TypeSize::Small, this)),
      m_map(new SimilarityMap(this)), m_stack(new QStackedWidget(this)),
      m_empty(new ui::EmptyState({}, {}, this)), m_again(m_empty->addPlainButton(tr("Compare again")))
{
    setObjectName(u"similarityPage"_s);
    m_orderChoice->setObjectName(u"similarityOrder"_s);
    m_orderChoice->setAccessibleName(tr("Order of the events"));
    m_orderChoice->addChoice(u"time"_s, tr("By time"), tr("In the order in which they were stored"));
    m_orderChoice->addChoice(
        u"likeness"_s, tr("By likeness"),
        tr("After each event the one that is most like it, so that groups stand together"));
    m_orderChoice->setCurrent(u"time"_s);
    m_count->setObjectName(u"similarityCount"_s);
    m_reading->setObjectName(u"similarityReading"_s);
    m_again->setObjectName(u"similarityAgain"_s);
    auto *page = new QWidget(this);
    auto *column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kHalf);
    auto *row = new QHBoxLayout;
    row->setSpacing(ui::space::kOne);
    row->addWidget(m_orderChoice);
    row->addWidget(m_count, 1);
    column->addLayout(row);
    column->addWidget(m_map, 1);
    column->addWidget(m_reading);
    m_stack->addWidget(page);
    m_stack->addWidget(m_empty);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    connect(m_orderChoice, &ui::SegmentedChoice::chosen, this, [this](const QString &id) {
        m_map->setOrder(id == u"time" ? SimilarityMap::Order::Time : SimilarityMap::Order::Likeness);
        Q_EMIT orderChanged();
    });
    connect(m_map, &SimilarityMap::readingChanged, this, &SimilarityPage::showState);
    connect(m_again, &QPushButton::clicked, this, &SimilarityPage::asked);
    showState();
}

QString SimilarityPage::order() const { return m_orderChoice->current(); }

void SimilarityPage::setOrder(const QString &id)
{
    if (QAbstractButton *button = m_orderChoice->button(id); button && id != order()) button->click();
}

void SimilarityPage::showReport(const MemoryReport &report, const std::vector<MemoryEvent> &events)
{
    std::unordered_map<int64_t, const MemoryEvent *> byId;
    for (const MemoryEvent &event : events) byId[event.id] = &event;
    Similarity similarity;
    QStringList names;
    for (const int64_t id : report.similarEvents) {
        similarity.events.push_back(id);
        const auto found = byId.find(id);
        const QString text = found == byId.end() ? QString() : visibleText(*found->second, kNameLength);
        names << (text.isEmpty() ? tr("event %1").arg(ui::integerText(id)) : text);
    }
    similarity.values = report.similarity;
    const int numShown = similarity.size();
    m_map->setSimilarity(std::move(similarity), names);
    m_count->setFullText(numShown < std::ssize(events)
                             ? tr("The newest %1 of %2 events")
                                   .arg(ui::integerText(numShown), ui::integerText(std::ssize(events)))
                             : tr("%1 events").arg(ui::integerText(numShown)));
    m_error.reset();
    m_hasAnswer = true;
    showState();
}

void SimilarityPage::showError(const Error &error)
{
    m_error = error;
    m_hasAnswer = false;
    showState();
}

void SimilarityPage::clear()
{
    m_error.reset();
    m_hasAnswer = false;
    m_map->setSimilarity({}, {});
    showState();
}

void SimilarityPage::setAsking(bool isAsking)
{
    m_isAsking = isAsking;
    showState();
}

void SimilarityPage::showState()
{
    // An old map stays while a new one is made.
    const bool hasMap = !m_error && m_map->similarity().size() > 1 && (m_hasAnswer || m_isAsking);
    m_stack->setCurrentIndex(hasMap ? 0 : 1);
    const QString reading = m_map->reading();
    m_reading->setFullText(
        reading.isEmpty()
            ? tr("Cosine of the events' mean keys: 1 is found by the same question, 0 has nothing "
                 "in common.")
            : reading);
    if (hasMap) return;
    m_again->setVisible(m_error.has_value());
    if (m_isAsking)
        m_empty->setTexts(tr("Comparing…"), tr("The engine compares the events' keys."));
    else if (m_error)
        m_empty->setTexts(ui::fromStd(m_error->message), ui::fromStd(m_error->hint));
    else
        m_empty->setTexts(tr("How alike the events are"),
                          tr("As soon as the memory has two events, a square shows for each pair how alike "
                             "they are."));
}

} // namespace orrery::memory_ui
