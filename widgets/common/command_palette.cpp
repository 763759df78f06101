// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/command_palette.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/palette_delegate.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kWidth = 640, kMargin = 24, kMaxRows = 12;
constexpr int kTop = 56; ///< under menu and toolbar, so that the toolbar's hint stays in sight

} // namespace

CommandPalette::CommandPalette(QWidget *window)
    : QFrame(window), m_window(window), m_field(new QLineEdit(this)), m_list(new QListView(this)),
      m_foot(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_nothing(new ToneLabel(tr("No action is called like this."), Tone::Secondary, TypeSize::Base, this)),
      m_model(new PaletteModel(this))
{
    setObjectName(u"commandPalette"_s);
    setProperty("card", true);
    setAccessibleName(tr("Command palette"));
    m_field->setObjectName(u"paletteField"_s);
    m_field->setAccessibleName(tr("Find an action"));
    m_field->setClearButtonEnabled(true);
    bindIcon(m_field->addAction(QIcon(), QLineEdit::LeadingPosition), u"search"_s);
    m_list->setObjectName(u"paletteList"_s);
    m_list->setAccessibleName(tr("Actions"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new PaletteDelegate(m_list));
    m_list->setUniformItemSizes(true);
    m_list->setMouseTracking(true);
    m_list->setFocusPolicy(Qt::NoFocus); // arrows go through it while the field keeps the focus
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_nothing->setObjectName(u"paletteNothing"_s);
    m_nothing->setContentsMargins(space::kOne, space::kOne, space::kOne, space::kOne);
    m_foot->setObjectName(u"paletteFoot"_s);
    m_foot->setWordWrap(true);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::kOne, space::kOne, space::kOne, space::kOne);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_field);
    layout->addWidget(m_nothing);
    layout->addWidget(m_list);
    layout->addWidget(m_foot);
    connect(m_field, &QLineEdit::textChanged, this, &CommandPalette::search);
    connect(m_list, &QListView::clicked, this, [this](const QModelIndex &index) { run(index.row()); });
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, &CommandPalette::showFoot);
    m_field->installEventFilter(this);
    m_window->installEventFilter(this);
    // A click elsewhere closes it.
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget *, QWidget *now) {
        if (isVisible() && now && now != this && !isAncestorOf(now)) hide();
    });
    hide();
}

void CommandPalette::open(const QString &text, const QString &hint)
{
    if (!isVisible()) m_focusBefore = QApplication::focusWidget();
    m_items = m_source ? m_source() : std::vector<PaletteItem>();
    m_field->setPlaceholderText(hint.isEmpty() ? tr("Find an action, a run, or paste a link") : hint);
    m_field->setText(text);
    m_field->selectAll();
    search(text);
    place();
    show();
    raise();
    m_field->setFocus(Qt::PopupFocusReason);
}

void CommandPalette::place()
{
    const int width = std::min(kWidth, m_window->width() - 2 * kMargin);
    const int numRows = std::clamp(m_model->rowCount(), 0, kMaxRows);
    const int room = m_window->height() - kTop - kMargin - m_field->sizeHint().height() -
                     m_foot->sizeHint().height() - 4 * space::kOne;
    const int rowHeight = std::max(1, m_list->sizeHintForRow(0));
    m_list->setVisible(numRows > 0);
    m_nothing->setVisible(numRows == 0);
    m_list->setFixedHeight(std::max(rowHeight, std::min(numRows * rowHeight, room)));
    setFixedWidth(width);
    layout()->activate();
    adjustSize();
    move((m_window->width() - width) / 2, kTop);
}

void CommandPalette::search(const QString &text)
{
    std::vector<PaletteItem> items = m_answer ? m_answer(text) : std::vector<PaletteItem>();
    const bool isAnswered = !items.empty();
    if (!isAnswered) items = m_items;
    m_model->setQuery(isAnswered ? QString() : text);
    m_model->setItems(std::move(items), m_recent);
    if (m_model->rowCount() > 0) m_list->setCurrentIndex(m_model->index(0));
    place();
    showFoot();
}

void CommandPalette::showFoot()
{
    const int row = m_list->currentIndex().row();
    if (row < 0 || row >= m_model->rowCount()) {
        m_foot->setText(tr("Esc closes"));
        return;
    }
    const PaletteItem &item = m_model->item(row);
    QString text = item.reason.isEmpty() ? tr("Enter does it") : item.reason;
    if (item.command && !item.command().isEmpty()) text += u" · "_s + tr("Ctrl+C copies it as command");
    m_foot->setText(text + u" · "_s + tr("Esc closes"));
    m_foot->setTone(item.reason.isEmpty() ? Tone::Secondary : Tone::Warning);
}

void CommandPalette::moveBy(int rows)
{
    const int count = m_model->rowCount();
    if (count == 0) return;
    const int row = std::clamp(m_list->currentIndex().row() + rows, 0, count - 1);
    m_list->setCurrentIndex(m_model->index(row));
    m_field->setAccessibleDescription(m_model->index(row).data(Qt::AccessibleTextRole).toString());
}

void CommandPalette::run(int row)
{
    if (row < 0 || row >= m_model->rowCount()) return;
    const PaletteItem item = m_model->item(row);
    if (!item.reason.isEmpty()) return; // the foot says why
    m_recent.removeAll(item.id);
    m_recent.prepend(item.id);
    m_recent = m_recent.mid(0, kMaxRecent);
    hide(); // first: the action works on what has the focus
    Q_EMIT recentChanged();
    if (item.run) item.run();
}

void CommandPalette::copyCommand(int row)
{
    if (row < 0 || row >= m_model->rowCount()) return;
    const PaletteItem &item = m_model->item(row);
    const QString command = item.command ? item.command() : QString();
    if (command.isEmpty()) return;
    copyToClipboard(command);
    m_foot->setTone(Tone::Good);
    m_foot->setText(tr("Copied: %1").arg(command));
}

bool CommandPalette::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_window && event->type() == QEvent::Resize && isVisible()) place();
    if (watched != m_field ||
        (event->type() != QEvent::KeyPress && event->type() != QEvent::ShortcutOverride))
        return QFrame::eventFilter(watched, event);
    const auto *key = static_cast<QKeyEvent *>(event);
    const int page = std::max(1, m_list->height() / std::max(1, m_list->sizeHintForRow(0)) - 1);
    std::function<void()> answer;
    switch (key->key()) {
    case Qt::Key_Down:
        answer = [this] { moveBy(1); };
        break;
    case Qt::Key_Up:
        answer = [this] { moveBy(-1); };
        break;
    case Qt::Key_PageDown:
        answer = [this, page] { moveBy(page); };
        break;
    case Qt::Key_PageUp:
        answer = [this, page] { moveBy(-page); };
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        answer = [this] { run(m_list->currentIndex().row()); };
        break;
    case Qt::Key_Escape:
        answer = [this] { hide(); };
        break;
    default:
        if (key->matches(QKeySequence::Copy) && !m_field->hasSelectedText())
            answer = [this] { copyCommand(m_list->currentIndex().row()); };
    }
    if (!answer) return QFrame::eventFilter(watched, event);
    if (event->type() == QEvent::KeyPress) answer();
    event->accept(); // not the window's Esc
    return true;
}

void CommandPalette::hideEvent(QHideEvent *event)
{
    QFrame::hideEvent(event);
    giveFocusBack();
}

void CommandPalette::giveFocusBack()
{
    QWidget *now = QApplication::focusWidget();
    if (m_focusBefore && (!now || now == m_field || isAncestorOf(now)))
        m_focusBefore->setFocus(Qt::PopupFocusReason);
    m_focusBefore = nullptr;
}

} // namespace orrery::ui
