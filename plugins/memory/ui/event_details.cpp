// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/event_details.h"

#include "plugins/memory/ui/memory_text.h"
#include "plugins/memory/ui/slot_model.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTableView>
#include <QTextOption>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr int kTokenCharacters = 12; ///< that a token has room for at least

} // namespace

EventDetails::EventDetails(const TokenNames &names, const LastReads &reads, QWidget *parent)
    : QWidget(parent), m_stack(new QStackedWidget(this)), m_empty(new ui::EmptyState({}, {}, this)),
      m_title(new ui::ToneLabel({}, ui::Tone::Text, ui::TypeSize::Heading, this)),
      m_provenance(new ui::ToneLabel({}, ui::Tone::Text, ui::TypeSize::Base, this)),
      m_numbers(new ui::ToneLabel({}, ui::Tone::Secondary, ui::TypeSize::Base, this)),
      m_text(new QPlainTextEdit(this)), m_slots(new SlotModel(names, reads, this)),
      m_slotTable(new QTableView(this)), m_pin(new QPushButton(this)),
      m_forget(new QPushButton(tr("Forget"), this)), m_forgetMenu(new QMenu(this))
{
    setObjectName(u"eventDetails"_s);
    m_title->setObjectName(u"eventTitle"_s);
    m_provenance->setObjectName(u"eventProvenance"_s);
    m_numbers->setObjectName(u"eventNumbers"_s);
    for (ui::ToneLabel *label : {m_provenance, m_numbers}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        label->setFocusPolicy(Qt::NoFocus);
    }
    m_title->setTextFormat(Qt::PlainText);
    m_text->setObjectName(u"eventText"_s);
    m_text->setAccessibleName(tr("Text of the event"));
    m_text->setReadOnly(true);
    m_text->setTabChangesFocus(true);
    m_text->setMinimumHeight(52);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    QTextOption option = m_text->document()->defaultTextOption();
    option.setFlags(QTextOption::ShowTabsAndSpaces | QTextOption::ShowLineAndParagraphSeparators);
    m_text->document()->setDefaultTextOption(option);
    m_pin->setObjectName(u"pinEvent"_s);
    m_forget->setObjectName(u"forgetSource"_s);
    m_forget->setProperty("danger", true);
    m_forget->setMenu(m_forgetMenu);
    m_forgetMenu->setObjectName(u"forgetMenu"_s);
    m_forgetMenu->setToolTipsVisible(true);

    makeSlotTable();

    auto *head = new QHBoxLayout;
    head->setSpacing(ui::space::kOne);
    head->addWidget(m_title, 1);
    head->addWidget(m_pin);
    head->addWidget(m_forget);
    // In a low dock the rest scrolls; the buttons stay in sight.
    auto *body = new QWidget(this);
    auto *rest = new QVBoxLayout(body);
    rest->setContentsMargins(0, 0, 0, 0);
    rest->setSpacing(ui::space::kOne);
    rest->addWidget(m_provenance);
    rest->addWidget(m_text, 1);
    rest->addWidget(m_slotTable, 3);
    rest->addWidget(m_numbers);
    auto *scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(body);
    scroll->viewport()->setAutoFillBackground(false);
    body->setAutoFillBackground(false);
    auto *page = new QWidget(this);
    auto *column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kOne);
    column->addLayout(head);
    column->addWidget(scroll, 1);
    m_stack->addWidget(page);
    m_stack->addWidget(m_empty);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    connect(m_pin, &QPushButton::clicked, this, [this] {
        if (m_event) Q_EMIT pinRequested(m_event->id, !m_event->isPinned);
    });
    setEvent({});
}

void EventDetails::makeSlotTable()
{
    m_slotTable->setObjectName(u"slotTable"_s);
    m_slotTable->setAccessibleName(tr("Tokens of the event that are stored"));
    m_slotTable->setModel(m_slots);
    ui::styleTable(m_slotTable);
    m_slotTable->setSelectionMode(QAbstractItemView::SingleSelection);
    m_slotTable->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_slotTable->setMinimumHeight(96);
    QHeaderView *header = m_slotTable->horizontalHeader();
    header->setStretchLastSection(false);
    header->setSectionResizeMode(SlotModel::TokenColumn, QHeaderView::Stretch);
    fitRows();
    connect(&ui::Theme::instance(), &ui::Theme::changed, this, &EventDetails::fitRows);
    connect(m_slotTable->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        fillForgetMenu();
        if (!m_isSelecting) Q_EMIT slotChosen(selectedSlot());
    });
    auto *copy = new QAction(tr("Copy all"), m_slotTable);
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetShortcut);
    connect(copy, &QAction::triggered, this, [this] { ui::copyToClipboard(m_slots->toText()); });
    m_slotTable->addAction(copy);
    m_slotTable->setContextMenuPolicy(Qt::ActionsContextMenu);
}

void EventDetails::fitRows()
{
    const QFontMetrics metrics(ui::typeFont(ui::TypeSize::Base));
    m_slotTable->verticalHeader()->setDefaultSectionSize(metrics.height() + 6);
    int width = metrics.averageCharWidth() * kTokenCharacters;
    for (const int column : {SlotModel::UsageColumn, SlotModel::LastReadColumn, SlotModel::StrengthColumn,
                             SlotModel::SurpriseColumn, SlotModel::ReadColumn}) {
        const QString title = m_slots->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
        const QString widest = column == SlotModel::LastReadColumn ? readAgeText(SlotRead{}) : u"< 0.01"_s;
        const int needed = std::max(metrics.horizontalAdvance(widest), metrics.horizontalAdvance(title)) +
                           2 * ui::space::kOne + 4;
        width += needed;
        // The last ones go where the token would have no room; what is copied has them.
        m_slotTable->setColumnHidden(column, width > this->width());
        m_slotTable->setColumnWidth(column, needed);
    }
}

void EventDetails::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    fitRows();
}

void EventDetails::namesChanged() { m_slots->namesChanged(); }

qint64 EventDetails::selectedSlot() const
{
    const QModelIndexList rows = m_slotTable->selectionModel()->selectedRows();
    return rows.isEmpty() ? -1 : m_slots->slotOfRow(rows.constFirst().row());
}

void EventDetails::selectSlot(qint64 slot)
{
    m_isSelecting = true;
    const int row = m_slots->rowOfSlot(slot);
    if (row < 0)
        m_slotTable->clearSelection();
    else
        m_slotTable->setCurrentIndex(m_slots->index(row, SlotModel::TokenColumn));
    m_isSelecting = false;
    fillForgetMenu();
}

void EventDetails::setEvent(const std::optional<MemoryEvent> &event)
{
    m_event = event;
    m_isSelecting = true; // whoever sets it selects the slot anew
    m_slots->setEvent(event);
    m_isSelecting = false;
    m_slotTable->setVisible(m_slots->rowCount() > 0);
    m_stack->setCurrentIndex(event ? 0 : 1);
    enableButtons();
    if (!event) {
        m_empty->setTexts(tr("No event chosen"),
                          tr("The event that is chosen in the strip or in the table stands here in full."));
        return;
    }
    m_title->setText(event->isPinned ? tr("Event %1, pinned").arg(ui::integerText(event->id))
                                     : tr("Event %1").arg(ui::integerText(event->id)));
    m_provenance->setText(provenanceText(*event));
    const QString text = readableText(*event);
    if (m_text->toPlainText() != text) m_text->setPlainText(text);
    m_text->setToolTip(text.contains(QChar(0x2400))
                           ? tr("␀: a token without a text. In a memory of before that was kept it may be a "
                                "patch of a picture or a frame of a recording")
                       : event->media.empty()
                           ? QString()
                           : tr("Pictures and recordings are remembered by the vectors of their patches and "
                                "frames: there is no text, and no picture to show"));
    m_numbers->setText(slotsSentence(*event) + u'\n' + usageSentence(*event) + u'\n' + ageSentence(*event) +
                       u'\n' + readSentence(lastReadOf(*event)));
    m_pin->setText(event->isPinned ? tr("Unpin") : tr("Pin"));
    m_pin->setToolTip(event->isPinned ? tr("Let the event go when it must (P)")
                                      : tr("Keep the event, whatever comes (P)"));
    fillForgetMenu();
}

void EventDetails::fillForgetMenu()
{
    m_forgetMenu->clear();
    if (!m_event) return;
    const auto addEdit = [this](const QString &name, const QString &text, const MemoryEdit &edit) {
        QAction *action = m_forgetMenu->addAction(text);
        action->setObjectName(name);
        action->setToolTip(tr("Ctrl+Z takes it back until the model reads on"));
        connect(action, &QAction::triggered, this, [this, edit] { Q_EMIT editRequested(edit); });
    };
    if (m_slots->rowCount() > 0) {
        const qint64 slot = selectedSlot();
        if (slot >= 0)
            addEdit(u"forgetSlot"_s, tr("token “%1”").arg(m_slots->tokenText(m_slots->rowOfSlot(slot))),
                    {.verb = MemoryVerb::ForgetSlot, .event = m_event->id, .slot = slot});
        addEdit(u"forgetEvent"_s, tr("event %1").arg(ui::integerText(m_event->id)),
                {.verb = MemoryVerb::Forget, .event = m_event->id});
        m_forgetMenu->addSeparator();
    }
    const auto add = [this](const std::string &source, const QString &text) {
        QAction *action = m_forgetMenu->addAction(text.size() > 60 ? text.left(59) + u'…' : text);
        action->setToolTip(tr("Asks before it forgets"));
        connect(action, &QAction::triggered, this,
                [this, source] { Q_EMIT forgetRequested(ui::fromStd(source)); });
    };
    const auto [whole, part] = sourceParts(m_event->source);
    add(m_event->source, tr("%1…").arg(sourceSentence(m_event->source)));
    if (!part.empty()) add(std::string(whole), tr("all of %1…").arg(sourceSentence(whole)));
}

void EventDetails::setBusy(bool isBusy)
{
    m_isBusy = isBusy;
    enableButtons();
}

void EventDetails::enableButtons()
{
    m_pin->setEnabled(m_event && !m_isBusy);
    m_forget->setEnabled(m_event && !m_isBusy);
}

QString EventDetails::text() const
{
    if (!m_event) return {};
    return m_title->text() + u'\n' + m_provenance->text() + u"\n\n"_s + readableText(*m_event) + u"\n\n"_s +
           m_numbers->text() + u'\n' + (m_slots->rowCount() > 0 ? u'\n' + m_slots->toText() : QString());
}

} // namespace orrery::memory_ui
