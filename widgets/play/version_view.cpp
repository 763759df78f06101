// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/version_view.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/version_tree.h"
#include "widgets/theme/theme.h"

#include <QKeyEvent>
#include <QListView>
#include <QMenu>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kIndent = 12, kMaxDepth = 8; // deeper versions stand at the same place
constexpr int kSide = 6, kRowPadding = 3, kMaxShownRows = 6;

int rowHeight()
{
    return QFontMetrics(typeFont(TypeSize::Mono)).height() +
           QFontMetrics(typeFont(TypeSize::Small)).height() + 2 * kRowPadding;
}

/// Lines of the tree, the version's own text, and below it where it comes from and how it went.
class VersionDelegate : public QStyledItemDelegate {
public:
    VersionDelegate(const VersionTreeModel *model, QObject *parent)
        : QStyledItemDelegate(parent), m_model(model)
    {
    }
    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override
    {
        return {120, rowHeight()};
    }
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const ThemeTokens &tokens = Theme::instance().tokens();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (option.state & QStyle::State_Selected) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(tokens.selection);
            painter->drawRoundedRect(QRectF(option.rect).adjusted(0, 1, 0, -1), 4, 4);
        }
        const VersionRow &row = m_model->row(index.row());
        paintLines(*painter, row, option.rect);
        const int depth = std::min(row.depth, kMaxDepth);
        QRect area = option.rect.adjusted(kSide + kIndent * (depth + 1), kRowPadding, -kSide, -kRowPadding);
        const QFont mono = typeFont(TypeSize::Mono), small = typeFont(TypeSize::Small);
        painter->setFont(mono);
        painter->setPen(tokens.text);
        painter->drawText(
            area, Qt::AlignLeft | Qt::AlignTop,
            QFontMetrics(mono).elidedText(index.data().toString(), Qt::ElideRight, area.width()));
        painter->setFont(small);
        painter->setPen(tokens.secondary);
        painter->drawText(area, Qt::AlignLeft | Qt::AlignBottom,
                          detail(index, QFontMetrics(small), area.width()));
        if (option.state & QStyle::State_HasFocus) {
            painter->setPen(QPen(tokens.accent, 1));
            painter->setBrush(Qt::NoBrush);
            painter->drawRoundedRect(QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5), 4, 4);
        }
        painter->restore();
    }

private:
    /// Cut only where the short one does not fit either.
    static QString detail(const QModelIndex &index, const QFontMetrics &metrics, int width)
    {
        const QString full = index.data(VersionTreeModel::DetailRole).toString();
        if (metrics.horizontalAdvance(full) <= width) return full;
        const QString brief = index.data(VersionTreeModel::ShortDetailRole).toString();
        return metrics.elidedText(brief.isEmpty() ? full : brief, Qt::ElideRight, width);
    }
    /// Where a line and a dot stand for a depth.
    static double center(const QRect &area, int depth)
    {
        return area.left() + kSide + kIndent * std::min(depth, kMaxDepth) + kIndent / 2.0 - 2;
    }
    void paintLines(QPainter &painter, const VersionRow &row, const QRect &area) const
    {
        const ThemeTokens &tokens = Theme::instance().tokens();
        const double middle =
            area.top() + kRowPadding + QFontMetrics(typeFont(TypeSize::Mono)).height() / 2.0;
        painter.setPen(QPen(tokens.secondary, 1));
        // A line stands below the dot of the version that others part from.
        for (int depth = 1; depth < std::min(row.depth, kMaxDepth); ++depth)
            if (row.openLevels & (1U << depth))
                painter.drawLine(QPointF(center(area, depth - 1), area.top()),
                                 QPointF(center(area, depth - 1), area.bottom() + 1));
        const double x = center(area, row.depth);
        if (row.depth > 0 && row.depth <= kMaxDepth) {
            const double from = center(area, row.depth - 1);
            painter.drawLine(QPointF(from, area.top()),
                             QPointF(from, row.isLast ? middle : area.bottom() + 1));
            painter.drawLine(QPointF(from, middle), QPointF(x - 3, middle));
        }
        const int next = m_model->rowOf(row.index) + 1;
        const bool hasChildren = next < m_model->rowCount() && m_model->row(next).depth > row.depth;
        if (hasChildren && row.depth < kMaxDepth)
            painter.drawLine(QPointF(x, middle + 3), QPointF(x, area.bottom() + 1));
        const bool isRunning = m_model->version(m_model->rowOf(row.index))->isRunning;
        painter.setPen(QPen(isRunning ? tokens.good : tokens.secondary, 1.2));
        painter.setBrush(isRunning ? QBrush(tokens.good) : Qt::NoBrush);
        painter.drawEllipse(QPointF(x, middle), 3, 3);
    }

    const VersionTreeModel *m_model;
};

} // namespace

VersionView::VersionView(QWidget *parent)
    : PanelFrame(tr("Versions"), parent), m_model(new VersionTreeModel(this)), m_list(new QListView(this)),
      m_undo(addTitleButton(u"undo"_s, tr("Undo")))
{
    setObjectName(u"versionView"_s);
    m_undo->setObjectName(u"undoVersion"_s);
    QToolButton *copy = addTitleButton(u"copy"_s, tr("Copy the versions as a table"));
    copy->setObjectName(u"copyVersions"_s);
    m_list->setModel(m_model);
    m_list->setItemDelegate(new VersionDelegate(m_model, m_list));
    m_list->setObjectName(u"versionList"_s);
    m_list->setAccessibleName(tr("Versions of the answer"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setUniformItemSizes(true);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setMinimumHeight(2 * rowHeight());
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->installEventFilter(this);
    setContent(m_list);
    connect(copy, &QToolButton::clicked, this, [this] { copyToClipboard(m_model->toText()); });
    connect(m_undo, &QToolButton::clicked, this, &VersionView::undoRequested);
    connect(m_list, &QWidget::customContextMenuRequested, this, &VersionView::openMenu);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex &current) {
                if (!m_isSetting && current.isValid())
                    Q_EMIT showRequested(m_model->row(current.row()).index);
            });
    connect(&Theme::instance(), &Theme::changed, m_list, [this] { m_list->viewport()->update(); });
    setUndoText({});
}

QSize VersionView::sizeHint() const
{
    const int rows = std::clamp(m_model->rowCount(), 2, kMaxShownRows);
    return {PanelFrame::sizeHint().width(), rows * rowHeight() + 56};
}

int VersionView::currentVersion() const
{
    const QModelIndex current = m_list->currentIndex();
    return current.isValid() ? m_model->row(current.row()).index : -1;
}

void VersionView::setVersions(const std::vector<VersionPtr> &versions, int shown)
{
    m_isSetting = true;
    m_model->setVersions(versions);
    const int row = m_model->rowOf(shown);
    m_list->setCurrentIndex(row < 0 ? QModelIndex() : m_model->index(row));
    m_isSetting = false;
    updateGeometry();
}

void VersionView::announce(const VersionPtr &version) { m_model->announce(version); }

void VersionView::setUndoText(const QString &text)
{
    const QString name = text.isEmpty() ? tr("Undo") : tr("Undo %1").arg(text);
    m_undo->setEnabled(!text.isEmpty());
    m_undo->setToolTip(name);
    m_undo->setAccessibleName(name);
}

bool VersionView::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_list && event->type() == QEvent::Resize) // it has its new size after this
        QMetaObject::invokeMethod(
            m_list, [this] { m_list->scrollTo(m_list->currentIndex()); }, Qt::QueuedConnection);
    if (watched != m_list || event->type() != QEvent::KeyPress)
        return PanelFrame::eventFilter(watched, event);
    auto *key = static_cast<QKeyEvent *>(event);
    const int index = currentVersion();
    if (index >= 0 && key->key() == Qt::Key_Delete && key->modifiers() == Qt::NoModifier) {
        Q_EMIT removeRequested(index);
        return true;
    }
    if (index >= 0 && key->matches(QKeySequence::Copy)) {
        Q_EMIT copyRequested(index);
        return true;
    }
    return PanelFrame::eventFilter(watched, event);
}

void VersionView::openMenu(const QPoint &at)
{
    const QModelIndex under = m_list->indexAt(at);
    if (!under.isValid()) return;
    const int index = m_model->row(under.row()).index;
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Copy version %1").arg(index + 1), this,
                    [this, index] { Q_EMIT copyRequested(index); })
        ->setShortcut(QKeySequence::Copy);
    menu->addAction(tr("Delete version %1").arg(index + 1), this,
                    [this, index] { Q_EMIT removeRequested(index); })
        ->setShortcut(QKeySequence::Delete);
    menu->popup(m_list->viewport()->mapToGlobal(at));
}

} // namespace orrery::ui
