// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/spec_view.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/spec_model.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QToolButton>
#include <QTreeView>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {

namespace {

constexpr int kNamePadding = 20;
constexpr int kMostForNames = 60; ///< percent

} // namespace

class SpecView::Proxy : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
};

SpecView::SpecView(QWidget *parent)
    : QWidget(parent), m_model(new SpecModel(this)), m_proxy(new Proxy(this)), m_view(new QTreeView(this)),
      m_search(new QLineEdit(this))
{
    m_proxy->setSourceModel(m_model);
    m_proxy->setFilterRole(SpecModel::FilterRole);
    m_proxy->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_view->setModel(m_proxy);
    m_view->setObjectName(u"specTable"_s);
    m_view->setAccessibleName(tr("Settings of the run"));
    m_view->setRootIsDecorated(false);
    m_view->setUniformRowHeights(true);
    m_view->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_view->setTextElideMode(Qt::ElideMiddle);
    m_view->setHeaderHidden(true);
    m_view->header()->setStretchLastSection(true);
    m_search->setPlaceholderText(tr("Search settings"));
    m_search->setAccessibleName(tr("Search settings of the run"));
    m_search->setClearButtonEnabled(true);
    m_search->setObjectName(u"specSearch"_s);
    auto *copyButton = makeIconButton(u"copy"_s, tr("Copy the whole spec as JSON"), this);
    copyButton->setObjectName(u"specCopy"_s);
    auto *bar = new QHBoxLayout;
    bar->setSpacing(space::kHalf);
    bar->addWidget(m_search, 1);
    bar->addWidget(copyButton);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, space::kHalf, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(bar);
    layout->addWidget(m_view, 1);

    auto *copyAction = new QAction(tr("Copy"), m_view);
    copyAction->setShortcut(QKeySequence::Copy);
    copyAction->setShortcutContext(Qt::WidgetShortcut);
    m_view->addAction(copyAction);
    m_view->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(copyAction, &QAction::triggered, this, [this] { copyToClipboard(copyText()); });
    connect(copyButton, &QToolButton::clicked, this, [this] { copyToClipboard(m_json); });
    connect(m_search, &QLineEdit::textChanged, m_proxy,
            [this](const QString &text) { m_proxy->setFilterFixedString(text.trimmed()); });
}

void SpecView::setSpec(const QString &specJson)
{
    if (specJson == m_json) return;
    m_json = specJson;
    m_model->setEntries(specEntries(specJson));
    const QFontMetrics metrics(typeFont(TypeSize::Base));
    m_widestName = 0;
    for (int row = 0; row < m_model->rowCount(); ++row)
        m_widestName = std::max(m_widestName, metrics.horizontalAdvance(m_model->index(row, 0).data().toString()));
    fitNames();
}

/// As wide as the widest name is, while the values keep what they need.
void SpecView::fitNames()
{
    m_view->setColumnWidth(0, std::min(m_widestName + kNamePadding, width() * kMostForNames / 100));
}

void SpecView::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    fitNames();
}

int SpecView::numShown() const { return m_proxy->rowCount(); }

QString SpecView::copyText() const
{
    QList<int> rows;
    for (const QModelIndex &index : m_view->selectionModel()->selectedRows()) rows.append(index.row());
    if (rows.isEmpty())
        for (int row = 0; row < m_proxy->rowCount(); ++row) rows.append(row);
    std::sort(rows.begin(), rows.end());
    QString text;
    for (int row : std::as_const(rows))
        text += m_proxy->index(row, 0).data(SpecModel::KeyRole).toString() + u'\t' +
                m_proxy->index(row, SpecModel::ValueColumn).data().toString() + u'\n';
    return text;
}

} // namespace orrery::ui
