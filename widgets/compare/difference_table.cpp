// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/difference_table.h"

#include "widgets/common/empty_state.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/compare_delegate.h"
#include "widgets/compare/difference_model.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QStackedWidget>
#include <QStyleOptionHeader>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMinColumnWidth = 90, kMaxColumnWidth = 220;
constexpr int kSwatch = 20; ///< the colour before a name, with its gap

/// Elides names by the room that is left beside the colour, which Qt forgets, so that two of one beginning are told apart.
class NamesHeader : public QHeaderView {
public:
    using QHeaderView::QHeaderView;

protected:
    void initStyleOptionForIndex(QStyleOptionHeader *option, int section) const override
    {
        QHeaderView::initStyleOptionForIndex(option, section);
        const int room = sectionSize(section) - 2 * space::kOne - (option->icon.isNull() ? 0 : kSwatch);
        option->text = option->fontMetrics.elidedText(model()->headerData(section, orientation()).toString(), Qt::ElideMiddle, room);
    }
};

} // namespace

DifferenceTable::DifferenceTable(const Words &words, QWidget *parent)
    : QWidget(parent), m_model(new DifferenceModel(this)), m_view(new QTableView(this)), m_search(new QLineEdit(this)),
      m_all(new QCheckBox(tr("All settings"), this)), m_stack(new QStackedWidget(this)),
      m_empty(new EmptyState(QString(), QString(), this))
{
    m_view->setHorizontalHeader(new NamesHeader(Qt::Horizontal, m_view));
    m_view->setModel(m_model);
    styleTable(m_view);
    m_view->setItemDelegate(new CompareDelegate(m_view));
    m_view->setObjectName(words.objectName + u"Table"_s);
    m_view->setAccessibleName(words.tableName);
    m_view->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    m_view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->horizontalHeader()->setTextElideMode(Qt::ElideNone); // done above
    m_view->setTextElideMode(Qt::ElideMiddle); // paths differ at their ends
    m_search->setObjectName(words.objectName + u"Search"_s);
    m_search->setPlaceholderText(tr("Search settings"));
    m_search->setAccessibleName(words.searchName);
    m_search->setClearButtonEnabled(true);
    m_all->setObjectName(words.objectName + u"All"_s);
    m_all->setToolTip(words.allHint);
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_empty);

    auto *bar = new QHBoxLayout;
    bar->setSpacing(space::kOne);
    bar->addWidget(m_search, 1);
    bar->addWidget(m_all);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(bar);
    layout->addWidget(m_stack, 1);

    connect(m_search, &QLineEdit::textChanged, this, [this] {
        m_model->setFilter(searched());
        Q_EMIT chosen();
    });
    connect(m_all, &QCheckBox::toggled, this, [this](bool showsAll) {
        m_model->setShowsAll(showsAll);
        Q_EMIT chosen();
    });
    connect(m_model, &QAbstractItemModel::modelReset, this, &DifferenceTable::layOut);
}

QString DifferenceTable::searched() const { return m_search->text().trimmed(); }

void DifferenceTable::showRows(bool hasRows) { m_stack->setCurrentIndex(hasRows ? 0 : 1); }

void DifferenceTable::setSearchable(bool isSearchable)
{
    m_search->setEnabled(isSearchable);
    m_all->setEnabled(isSearchable);
}

void DifferenceTable::layOut()
{
    m_view->clearSpans();
    for (int row = 0; row < m_model->rowCount(); ++row)
        if (m_model->isHeading(row) && m_model->columnCount() > 1) m_view->setSpan(row, 0, 1, m_model->columnCount());
    const QFontMetrics base(typeFont(TypeSize::Base)), heading(typeFont(TypeSize::Heading));
    for (int column = 0; column < m_model->columnCount(); ++column) {
        int width = heading.horizontalAdvance(m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()) +
                    3 * space::kOne + 12;
        for (int row = 0; row < m_model->rowCount(); ++row)
            if (!m_model->isHeading(row))
                width = std::max(width, base.horizontalAdvance(m_model->index(row, column).data().toString()) +
                                            2 * space::kOne + 4);
        m_view->setColumnWidth(column, std::clamp(width, kMinColumnWidth, kMaxColumnWidth));
    }
}

} // namespace orrery::ui
