// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/reads_pane.h"

#include "plugins/memory/ui/reads_model.h"
#include "plugins/memory/ui/uses_model.h"
#include "widgets/common/banner.h"
#include "widgets/common/current_stack.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

/// The weight as a bar from 0 to 1 behind its number; of a value, its share of the largest.
class WeightDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const ui::ThemeTokens &tokens = ui::Theme::instance().tokens();
        if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, tokens.selection);
        const QRect area = option.rect.adjusted(ui::space::kOne, 0, -ui::space::kOne, 0);
        const double weight = std::clamp(index.data(ReadsModel::WeightRole).toDouble(), 0.0, 1.0);
        painter->fillRect(QRect(area.left(), area.bottom() - 2, area.width(), 2), tokens.grid);
        painter->fillRect(QRect(area.left(), area.bottom() - 2, qRound(weight * area.width()), 2),
                          tokens.accent);
        painter->setFont(ui::typeFont(ui::TypeSize::Base));
        painter->setPen(tokens.text);
        painter->drawText(area, Qt::AlignVCenter | Qt::AlignRight, index.data().toString());
    }
};

} // namespace

ReadsPane::ReadsPane(const MemoryModel &events, const TokenNames &names, QWidget *parent)
    : QWidget(parent), m_model(new ReadsModel(events, names, this)), m_uses(new UsesModel(this)), m_prompt(new QLineEdit(this)),
      m_look(new QPushButton(this)), m_remember(new QPushButton(tr("Remember"), this)),
      m_banner(new ui::Banner(this)),
      m_summary(new ui::ToneLabel({}, ui::Tone::Secondary, ui::TypeSize::Base, this)),
      m_pages(new ui::SegmentedChoice(this)), m_view(new QTableView(this)), m_usesView(new QTableView(this)),
      m_stack(new QStackedWidget(this)), m_tables(new ui::CurrentStack(this)), m_page(u"token"_s),
      m_empty(new ui::EmptyState({}, {}, this))
{
    setObjectName(u"readsPane"_s);
    m_prompt->setObjectName(u"readsPrompt"_s);
    m_prompt->setAccessibleName(tr("Text for the model to read"));
    m_prompt->setPlaceholderText(tr("Text for the model to read"));
    m_prompt->setToolTip(tr("Text for the model to read"));
    m_prompt->setClearButtonEnabled(true);
    m_look->setObjectName(u"lookButton"_s);
    m_remember->setObjectName(u"rememberButton"_s);
    m_remember->setToolTip(tr("The model reads the text; what leaves its window goes into the memory"));
    m_banner->setObjectName(u"readsBanner"_s);
    m_summary->setObjectName(u"readsSummary"_s);
    m_summary->setWordWrap(true);
    m_summary->setTextFormat(Qt::PlainText);
    m_pages->setObjectName(u"readsPages"_s);
    m_pages->setAccessibleName(tr("What of the look is shown"));
    m_pages->addChoice(u"token"_s, tr("At the token"), tr("What each head read there"));
    m_pages->addChoice(u"values"_s, tr("Most-read values"), tr("Which values of the semantic memory the tokens of this look read most, and who"));
    m_pages->setCurrent(m_page);
    makeTable(m_view, m_model);
    m_view->setObjectName(u"readsTable"_s);
    m_view->setAccessibleName(tr("What the heads read from their memories"));
    m_view->setItemDelegateForColumn(ReadsModel::WeightColumn, new WeightDelegate(m_view));
    m_view->horizontalHeader()->setSectionResizeMode(ReadsModel::WhatColumn, QHeaderView::Stretch);
    makeTable(m_usesView, m_uses);
    m_usesView->setObjectName(u"usesTable"_s);
    m_usesView->setAccessibleName(tr("Values of the semantic memory that were read most"));
    m_usesView->setItemDelegateForColumn(UsesModel::ShareColumn, new WeightDelegate(m_usesView));
    m_usesView->horizontalHeader()->setSectionResizeMode(UsesModel::ReadersColumn, QHeaderView::Stretch);
    fitColumns();
    connect(&ui::Theme::instance(), &ui::Theme::changed, this, &ReadsPane::fitColumns);

    auto *page = new QWidget(this);
    auto *column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kHalf);
    column->addWidget(m_summary);
    column->addWidget(m_pages, 0, Qt::AlignLeft);
    m_tables->addWidget(m_view);
    m_tables->addWidget(m_usesView);
    column->addWidget(m_tables, 1);
    m_stack->addWidget(page);
    m_stack->addWidget(m_empty);
    auto *row = new QHBoxLayout;
    row->setSpacing(ui::space::kHalf);
    row->addWidget(m_prompt, 1);
    row->addWidget(m_look);
    row->addWidget(m_remember);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(ui::space::kOne);
    layout->addLayout(row);
    layout->addWidget(m_banner);
    layout->addWidget(m_stack, 1);
    connect(m_look, &QPushButton::clicked, this, [this] {
        if (m_isLooking)
            Q_EMIT cancelRequested();
        else
            Q_EMIT lookRequested();
    });
    connect(m_prompt, &QLineEdit::returnPressed, this, [this] {
        if (m_look->isEnabled() && !m_isLooking) Q_EMIT lookRequested();
    });
    connect(m_prompt, &QLineEdit::textChanged, this, [this] {
        showState();
        Q_EMIT promptChanged();
    });
    connect(m_remember, &QPushButton::clicked, this, &ReadsPane::rememberRequested);
    connect(m_pages, &ui::SegmentedChoice::chosen, this, [this](const QString &page) {
        setPage(page);
        Q_EMIT pageChanged();
    });
    connect(m_view, &QTableView::activated, this, [this](const QModelIndex &index) {
        const MemoryRead::Slot slot = m_model->slotOf(index.row());
        if (slot.event >= 0) Q_EMIT slotActivated(slot.event, slot.slot);
    });
    connect(m_banner, &ui::Banner::retryRequested, this, &ReadsPane::lookRequested);
    showState();
}

void ReadsPane::makeTable(QTableView *view, QAbstractItemModel *model)
{
    view->setModel(model);
    ui::styleTable(view);
    view->horizontalHeader()->setStretchLastSection(false);
    auto *copy = new QAction(tr("Copy all"), view);
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetShortcut);
    connect(copy, &QAction::triggered, this,
            [this, view] { ui::copyToClipboard(view == m_usesView ? m_uses->toText() : m_model->toText()); });
    view->addAction(copy);
    view->setContextMenuPolicy(Qt::ActionsContextMenu);
}

void ReadsPane::fitColumns()
{
    const QFontMetrics metrics(ui::typeFont(ui::TypeSize::Base));
    const int padding = 2 * ui::space::kOne + 4;
    const auto fit = [&](QTableView *view, int column, const QString &widest) {
        const QString title = view->model()->headerData(column, Qt::Horizontal).toString();
        view->setColumnWidth(column, std::max(metrics.horizontalAdvance(widest), metrics.horizontalAdvance(title)) + padding);
    };
    fit(m_view, ReadsModel::HeadColumn, tr("10.10 semantic"));
    fit(m_view, ReadsModel::GateColumn, u"< 0.001"_s);
    fit(m_view, ReadsModel::WeightColumn, u"< 0.001"_s);
    fit(m_usesView, UsesModel::ValueColumn, u"1,048,576"_s);
    fit(m_usesView, UsesModel::ReadsColumn, u"1,024"_s);
    fit(m_usesView, UsesModel::ShareColumn, u"< 0.001 %"_s);
    for (QTableView *view : {m_view, m_usesView}) view->verticalHeader()->setDefaultSectionSize(metrics.height() + 8);
}

void ReadsPane::setPage(const QString &page)
{
    if (page != u"token" && page != u"values") return;
    m_page = page;
    showState();
}

QString ReadsPane::prompt() const { return m_prompt->text(); }

void ReadsPane::setPrompt(const QString &text)
{
    if (text != m_prompt->text()) m_prompt->setText(text);
}

void ReadsPane::focusPrompt() { m_prompt->setFocus(Qt::OtherFocusReason); }

void ReadsPane::setState(bool hasModel, bool isLooking, bool isReading, bool canRemember)
{
    m_hasModel = hasModel;
    m_isLooking = isLooking;
    m_isReading = isReading;
    m_canRemember = canRemember;
    if (isLooking) m_banner->clear();
    showState();
}

void ReadsPane::showReport(const InspectReport &report, const QString &subject)
{
    m_hasReport = true;
    m_model->setReport(report);
    m_uses->setReport(report);
    m_banner->clear();
    m_subject = subject;
    m_note = QString::fromStdString(report.note);
    showState();
}

void ReadsPane::showError(const Error &error)
{
    m_banner->showError(error, tr("Retry"));
    showState();
}

void ReadsPane::namesChanged() { m_model->namesChanged(); }

void ReadsPane::clear()
{
    m_hasReport = false;
    m_model->setReport({});
    m_uses->setReport({});
    m_subject.clear();
    m_note.clear();
    m_banner->clear();
    showState();
}

void ReadsPane::showState()
{
    const bool hasText = !m_prompt->text().isEmpty();
    m_look->setText(m_isLooking ? tr("Cancel") : tr("Look"));
    m_look->setToolTip(m_isLooking ? tr("Stop the look")
                                   : tr("Show what the heads read at the last token (Enter)"));
    m_look->setEnabled(m_isLooking || (m_hasModel && hasText));
    m_remember->setVisible(m_canRemember);
    m_remember->setEnabled(m_hasModel && hasText && !m_isReading);
    m_remember->setText(m_isReading ? tr("Reading…") : tr("Remember"));
    const bool hasUses = m_uses->rowCount() > 0, hasRows = m_model->rowCount() > 0 || hasUses;
    const bool areUses = hasUses && m_page == u"values";
    m_pages->setVisible(hasUses);
    m_pages->setCurrent(areUses ? u"values"_s : u"token"_s);
    m_tables->setCurrentIndex(areUses ? 1 : 0);
    m_stack->setCurrentIndex(hasRows ? 0 : 1);
    QStringList sentences;
    if (!m_subject.isEmpty()) sentences << m_subject + QLatin1Char('.');
    sentences << (areUses ? m_uses->summary() : m_model->summary());
    // What the numbers leave out, told by the engine: a memory that this look was without.
    if (!m_note.isEmpty()) sentences << m_note;
    m_summary->setText(sentences.join(QLatin1Char(' ')));
    if (m_isLooking && !hasRows)
        m_empty->setTexts(tr("Looking…"), tr("The model reads the text."));
    else if (m_hasReport)
        m_empty->setTexts(tr("Nothing was read"), tr("No head read from a memory at the last token. A text "
                                                     "longer than the window gives it something to read."));
    else
        m_empty->setTexts(tr("What was read"), tr("Type a text and look: here stands what each head reads "
                                                  "from its memories at the last token."));
}

} // namespace orrery::memory_ui
