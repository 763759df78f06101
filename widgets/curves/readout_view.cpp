// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/readout_view.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/curves/readout_model.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr int kHeadGap = 9;
constexpr int kIndent = 12; ///< room of the colour key before a series name
constexpr int kValueGap = 8; ///< between a name and its value

/// Draws text without the style's item padding, with a colour key before the name of a series.
class ReadoutDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        painter->save();
        if (option.state.testFlag(QStyle::State_Selected))
            painter->fillRect(option.rect, Theme::instance().tokens().selection);
        QRect area = option.rect;
        // A head stands nearer to its details than to what is above it.
        if (isHead(index)) area.setTop(area.top() + kHeadGap);
        if (index.column() == 0) {
            const QColor color = index.data(ReadoutModel::ColorRole).value<QColor>();
            if (color.isValid()) {
                painter->setRenderHint(QPainter::Antialiasing);
                painter->setPen(Qt::NoPen);
                painter->setBrush(color);
                painter->drawEllipse(QPointF(area.left() + 3.5, area.center().y() + 0.5), 3.5, 3.5);
            }
            area.setLeft(area.left() + kIndent);
        }
        const QFont font = index.data(Qt::FontRole).value<QFont>();
        painter->setFont(font);
        painter->setPen(index.data(Qt::ForegroundRole).value<QColor>());
        const QString text = index.data().toString();
        const int alignment = index.data(Qt::TextAlignmentRole).toInt();
        if (isMark(index))
            painter->drawText(area, alignment | Qt::TextWordWrap, text);
        else
            painter->drawText(area, alignment,
                              QFontMetrics(font).elidedText(text, isRun(index) ? Qt::ElideMiddle : Qt::ElideRight, area.width()));
        painter->restore();
    }
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &index) const override
    {
        const QFontMetrics metrics(index.data(Qt::FontRole).value<QFont>());
        const QString text = index.data().toString();
        if (isMark(index)) {
            const auto *table = qobject_cast<const QTableView *>(parent());
            const int width = table ? table->viewport()->width() - kIndent : 160;
            return {0,
                    metrics.boundingRect(0, 0, std::max(width, 60), 10000, Qt::TextWordWrap, text).height() +
                        4};
        }
        return {metrics.horizontalAdvance(text) + (index.column() == 0 ? kIndent : kValueGap),
                metrics.height() + (isHead(index) ? kHeadGap + 2 : 2)};
    }

private:
    static bool isHead(const QModelIndex &index)
    {
        return index.data(ReadoutModel::KindRole).toInt() == int(ReadingKind::Head);
    }
    static bool isRun(const QModelIndex &index)
    {
        return index.column() == 0 && index.data(ReadoutModel::KindRole).toInt() == int(ReadingKind::Run);
    }
    static bool isMark(const QModelIndex &index)
    {
        return index.data(ReadoutModel::KindRole).toInt() == int(ReadingKind::Mark);
    }
};

} // namespace

ReadoutView::ReadoutView(QWidget *parent)
    : QWidget(parent), m_model(new ReadoutModel(this)),
      m_title(new ElidedLabel(QString(), Tone::Text, TypeSize::Heading, this)),
      m_foot(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_copy(makeIconButton(QStringLiteral("copy"), tr("Copy the values (Ctrl+C)"), this)),
      m_table(new QTableView(this))
{
    m_table->setModel(m_model);
    m_table->setItemDelegate(new ReadoutDelegate(m_table));
    m_table->setObjectName(QStringLiteral("readoutTable"));
    m_table->setAccessibleName(tr("Values at the cursor"));
    m_table->horizontalHeader()->hide();
    m_table->verticalHeader()->hide();
    // Names of runs are as long as somebody made them; the values beside them must be seen.
    m_table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_table->horizontalHeader()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setMinimumSectionSize(8);
    m_table->verticalHeader()->setMinimumSectionSize(8);
    m_table->setShowGrid(false);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::ContiguousSelection);
    m_table->setTabKeyNavigation(false);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->setWordWrap(true);

    m_foot->setObjectName(QStringLiteral("readoutFoot"));
    m_foot->setTextFormat(Qt::PlainText);
    m_foot->setWordWrap(true);
    m_foot->hide();

    makeMenu();
    m_table->installEventFilter(this);
    connect(m_copy, &QToolButton::clicked, this, &ReadoutView::copy);
    connect(m_model, &ReadoutModel::shapeChanged, this, &ReadoutView::applyShape);
    connect(&Theme::instance(), &Theme::changed, this, &ReadoutView::applyTheme);

    auto *titleRow = new QHBoxLayout;
    titleRow->setContentsMargins(0, 0, 0, 0);
    titleRow->addWidget(m_title, 1);
    titleRow->addWidget(m_copy);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::kOne, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(titleRow);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_foot);
    m_copy->setEnabled(false);
}

void ReadoutView::setReading(const Reading &reading)
{
    m_title->setFullText(reading.title);
    m_foot->setText(reading.foot);
    m_foot->setVisible(!reading.foot.isEmpty());
    m_copy->setEnabled(!reading.rows.empty());
    m_model->setReading(reading);
    updateMenu();
}

void ReadoutView::makeMenu()
{
    const auto add = [this](const char *name, auto handler) {
        auto *action = new QAction(m_table);
        action->setObjectName(QLatin1String(name));
        connect(action, &QAction::triggered, this, handler);
        m_table->addAction(action);
        return action;
    };
    m_copyAction = add("copyReading", [this] { copy(); });
    m_copyAction->setText(tr("Copy the values"));
    m_copyAction->setShortcut(QKeySequence::Copy); // to be read; eventFilter() has the key
    m_copyAction->setShortcutContext(Qt::WidgetShortcut);
    auto *line = new QAction(m_table);
    line->setSeparator(true);
    m_table->addAction(line);
    const auto begin = [this](const QString &sign) {
        if (!m_series.isEmpty()) Q_EMIT breakpointRequested(m_series + sign);
    };
    m_above = add("pauseAbove", [begin] { begin(QStringLiteral(" > ")); });
    m_below = add("pauseBelow", [begin] { begin(QStringLiteral(" < ")); });
    m_menu = new QMenu(m_table);
    m_menu->setObjectName(QStringLiteral("readoutMenu"));
    m_menu->addActions(m_table->actions());
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(m_table, &QWidget::customContextMenuRequested, this, [this](const QPoint &at) {
        updateMenu();
        m_menu->popup(m_table->viewport()->mapToGlobal(at));
    });
    // Later: a menu hides before its action is triggered.
    connect(m_menu, &QMenu::aboutToHide, this, &ReadoutView::updateMenu, Qt::QueuedConnection);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, &ReadoutView::updateMenu);
    updateMenu();
}

/// Of the series in whose rows the current one is.
void ReadoutView::updateMenu()
{
    if (m_menu->isVisible()) return;
    const auto &rows = reading().rows;
    const auto row = static_cast<size_t>(std::max(0, m_table->currentIndex().row()));
    m_series = m_table->currentIndex().isValid() && row < rows.size() ? rows[row].series : QString();
    QString name;
    for (const ReadingRow &one : rows)
        if (one.kind == ReadingKind::Head && one.series == m_series) name = one.label;
    m_copyAction->setEnabled(!rows.empty());
    for (QAction *action : {m_above, m_below}) action->setEnabled(!m_series.isEmpty());
    m_above->setText(m_series.isEmpty() ? tr("Pause when this exceeds…")
                                        : tr("Pause when “%1” exceeds…").arg(name));
    m_below->setText(m_series.isEmpty() ? tr("Pause when this falls below…")
                                        : tr("Pause when “%1” falls below…").arg(name));
}

const Reading &ReadoutView::reading() const { return m_model->reading(); }

QAbstractItemView *ReadoutView::table() const { return m_table; }

void ReadoutView::copy() const
{
    const QModelIndexList selected = m_table->selectionModel()->selectedRows();
    if (selected.size() < 2) {
        QApplication::clipboard()->setText(reading().tsv());
        return;
    }
    Reading part{reading().title, reading().foot, {}};
    for (const QModelIndex &index : selected) part.rows.push_back(reading().rows[size_t(index.row())]);
    QApplication::clipboard()->setText(part.tsv());
}

bool ReadoutView::eventFilter(QObject *watched, QEvent *event)
{
    // Before the table, which would copy one cell, and before a shortcut of the window.
    if (event->type() == QEvent::KeyPress || event->type() == QEvent::ShortcutOverride) {
        if (static_cast<QKeyEvent *>(event)->matches(QKeySequence::Copy)) {
            if (event->type() == QEvent::KeyPress) copy();
            event->accept();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void ReadoutView::applyTheme()
{
    m_table->viewport()->update();
    applyShape();
}

void ReadoutView::applyShape()
{
    m_table->clearSpans();
    const auto &rows = reading().rows;
    for (size_t i = 0; i < rows.size(); ++i)
        if (rows[i].kind == ReadingKind::Mark) m_table->setSpan(int(i), 0, 1, 2);
    // Not resizeRowsToContents(): it also asks the hidden header, whose padding would double the height.
    for (size_t i = 0; i < rows.size(); ++i)
        m_table->setRowHeight(int(i), m_table->sizeHintForIndex(m_model->index(int(i), 0)).height());
}

QSize ReadoutView::sizeHint() const
{
    const QFontMetrics metrics(Theme::instance().baseFont());
    return {metrics.horizontalAdvance(tr("Validation loss  0.0000 … 0.0000")) + kIndent + 16,
            metrics.height() * 12};
}

QSize ReadoutView::minimumSizeHint() const
{
    const QFontMetrics metrics(Theme::instance().baseFont());
    return {metrics.horizontalAdvance(tr("Validation loss  0.0000")) + kIndent + 16,
            metrics.height() * 6};
}

} // namespace orrery::ui
