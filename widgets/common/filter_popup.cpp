// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/filter_popup.h"

#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QScreen>
#include <QSortFilterProxyModel>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {

/// Leaves rows that have all words, in any order; case does not matter.
class WordsFilter : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setWords(const QString &words)
    {
        m_words = words.split(u' ', Qt::SkipEmptyParts);
        invalidateFilter();
    }
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override
    {
        if (role != Qt::DisplayRole) return QSortFilterProxyModel::data(index, role);
        const QString words = index.data(FilterPopup::kWordsRole).toString();
        const QString text = QSortFilterProxyModel::data(index, role).toString();
        return words.isEmpty() ? text : text + u"  ·  "_s + words;
    }

protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex &parent) const override
    {
        const QModelIndex index = sourceModel()->index(row, 0, parent);
        const QString text = index.data(Qt::DisplayRole).toString() + u' ' + index.data(FilterPopup::kWordsRole).toString();
        return std::all_of(m_words.begin(), m_words.end(),
                           [&text](const QString &word) { return text.contains(word, Qt::CaseInsensitive); });
    }

private:
    QStringList m_words;
};

namespace {

constexpr int kMinWidth = 300, kMaxRows = 14;

} // namespace

FilterPopup::FilterPopup(QAbstractItemModel &model, int current, const QString &placeholder, QWidget *parent)
    : QFrame(parent, Qt::Popup), m_filter(new WordsFilter(this)), m_line(new QLineEdit(this)), m_list(new QListView(this)),
      m_none(new ToneLabel(tr("None has all of these words."), Tone::Secondary, TypeSize::Base, this))
{
    setObjectName(u"filterPopup"_s);
    setAttribute(Qt::WA_DeleteOnClose);
    setAccessibleName(placeholder);
    m_line->setObjectName(u"filterLine"_s);
    m_line->setPlaceholderText(placeholder);
    m_line->setAccessibleName(placeholder);
    m_line->setClearButtonEnabled(true);
    m_line->installEventFilter(this);
    m_filter->setSourceModel(&model);
    m_list->setObjectName(u"filterList"_s);
    m_list->setAccessibleName(tr("What the words leave"));
    m_list->setModel(m_filter);
    m_list->setUniformItemSizes(true);
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_list->setTextElideMode(Qt::ElideMiddle);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->installEventFilter(this);
    m_none->setObjectName(u"filterNone"_s);
    m_none->setAlignment(Qt::AlignCenter);
    m_none->hide();
    setFocusProxy(m_line);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::kHalf, space::kHalf, space::kHalf, space::kHalf);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_line);
    layout->addWidget(m_none, 1);
    layout->addWidget(m_list, 1);
    connect(m_line, &QLineEdit::textChanged, this, &FilterPopup::filter);
    connect(m_list, &QListView::clicked, this, &FilterPopup::choose);
    // A list that changes under the pointer has no row for what is not there any more.
    connect(&model, &QAbstractItemModel::modelReset, this, [this] { filter(m_line->text()); });
    m_list->setCurrentIndex(m_filter->index(std::max(0, current), 0));
}

void FilterPopup::showUnder(const QWidget &anchor)
{
    const QRect room = anchor.screen()->availableGeometry();
    const int rowHeight = std::max(m_list->sizeHintForRow(0), m_list->fontMetrics().height());
    const int rows = std::clamp(m_filter->rowCount(), 3, kMaxRows);
    resize(std::min(std::max(kMinWidth, anchor.width()), room.width()),
           m_line->sizeHint().height() + rows * rowHeight + 2 * m_list->frameWidth() + 3 * space::kHalf + 2);
    const QPoint corner = anchor.mapToGlobal(QPoint(0, anchor.height()));
    const int x = std::clamp(corner.x(), room.left(), std::max(room.left(), room.right() - width()));
    int y = corner.y();
    if (y + height() > room.bottom()) y = std::max(room.top(), anchor.mapToGlobal(QPoint(0, 0)).y() - height());
    move(x, y);
    show();
    m_line->setFocus(Qt::PopupFocusReason);
    m_list->scrollTo(m_list->currentIndex(), QAbstractItemView::PositionAtCenter);
}

void FilterPopup::filter(const QString &words)
{
    m_filter->setWords(words);
    const bool isEmpty = m_filter->rowCount() == 0;
    m_none->setVisible(isEmpty);
    m_list->setVisible(!isEmpty);
    if (!words.isEmpty() || !m_list->currentIndex().isValid()) m_list->setCurrentIndex(m_filter->index(0, 0));
    m_list->scrollTo(m_list->currentIndex());
}

void FilterPopup::choose(const QModelIndex &index)
{
    if (!index.isValid()) return;
    const int row = m_filter->mapToSource(index).row();
    close();
    Q_EMIT chosen(row);
}

/// The style sheet leaves out the frame of a window whose parent is a box of choices.
void FilterPopup::paintEvent(QPaintEvent *)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    QPainter painter(this);
    painter.setPen(tokens.border);
    painter.setBrush(tokens.surface);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

/// Keys that move go to the list while words are typed into the line.
bool FilterPopup::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() != QEvent::KeyPress && event->type() != QEvent::ShortcutOverride) return QFrame::eventFilter(watched, event);
    const auto *key = static_cast<QKeyEvent *>(event);
    if (event->type() == QEvent::ShortcutOverride) {
        // Esc is the list's while it is open, whatever it means in the panel behind it.
        if (key->key() == Qt::Key_Escape || key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) event->accept();
        return QFrame::eventFilter(watched, event);
    }
    switch (key->key()) {
    case Qt::Key_Escape:
        close();
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        choose(m_list->currentIndex());
        return true;
    case Qt::Key_Up:
    case Qt::Key_Down:
    case Qt::Key_PageUp:
    case Qt::Key_PageDown: {
        if (watched == m_list) break;
        const int step = key->key() == Qt::Key_Up ? -1 : key->key() == Qt::Key_Down ? 1 : key->key() == Qt::Key_PageUp ? -kMaxRows : kMaxRows;
        const int row = std::clamp(m_list->currentIndex().row() + step, 0, std::max(0, m_filter->rowCount() - 1));
        m_list->setCurrentIndex(m_filter->index(row, 0));
        return true;
    }
    default:
        break;
    }
    return QFrame::eventFilter(watched, event);
}

} // namespace orrery::ui
