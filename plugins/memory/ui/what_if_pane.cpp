// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/what_if_pane.h"

#include "plugins/memory/ui/memory_text.h"
#include "plugins/memory/ui/slot_model.h"
#include "widgets/attention/bar_list.h"
#include "widgets/attention/color_scale.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr size_t kMaxRows = 10, kMaxSame = 7;

double probabilityOf(const std::vector<TokenAlternative> &list, int32_t id)
{
    const auto found =
        std::find_if(list.begin(), list.end(), [id](const TokenAlternative &one) { return one.id == id; });
    return found == list.end() ? std::nan("") : found->probability;
}

ui::ToneLabel *makeLabel(const QString &name, ui::Tone tone, ui::TypeSize size, QWidget *parent)
{
    auto *label = new ui::ToneLabel({}, tone, size, parent);
    label->setObjectName(name);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

/// What it says now, then what it would say only afterwards.
std::vector<ui::BarRow> pairedRows(const InspectReport &report)
{
    std::vector<ui::BarRow> rows;
    const auto add = [&](const TokenAlternative &one) {
        const double now = probabilityOf(report.candidates, one.id),
                     then = probabilityOf(report.changed, one.id);
        const auto text = [](double p) { return std::isnan(p) ? ui::unknownText() : ui::probabilityText(p); };
        rows.push_back({.label = visibleText(one.bytes, 24),
                        .values = {now, then},
                        .number = u"%1 → %2"_s.arg(text(now), text(then))});
    };
    for (const TokenAlternative &one : report.candidates)
        if (rows.size() < kMaxSame) add(one);
    for (const TokenAlternative &one : report.changed)
        if (rows.size() < kMaxRows && std::isnan(probabilityOf(report.candidates, one.id))) add(one);
    return rows;
}

} // namespace

WhatIfPane::WhatIfPane(QWidget *parent) : QWidget(parent), m_stack(new QStackedWidget(this))
{
    setObjectName(u"whatIfPane"_s);
    auto *content = new QWidget(this);
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kOne);
    column->addWidget(makeQuestion());
    column->addWidget(makeAnswer(), 1);
    auto *scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(content);
    content->setAutoFillBackground(false);
    scroll->viewport()->setAutoFillBackground(false);
    m_stack->addWidget(scroll);
    m_empty = new ui::EmptyState(tr("What if it were forgotten?"),
                                 tr("Choose an event, or one token of it: here you see what the model would "
                                    "say without it, before anything is changed."),
                                 this);
    m_stack->addWidget(m_empty);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    connect(m_choice, &ui::SegmentedChoice::chosen, this, [this] {
        changeQuestion();
        askIfPossible();
    });
    connect(m_prompt, &QLineEdit::textEdited, this, [this] {
        m_hasOwnPrompt = !m_prompt->text().isEmpty();
        Q_EMIT promptChanged();
    });
    connect(m_prompt, &QLineEdit::textChanged, this, &WhatIfPane::changeQuestion);
    connect(m_prompt, &QLineEdit::returnPressed, this, &WhatIfPane::askIfPossible);
    connect(m_preview, &QPushButton::clicked, this, [this] {
        if (m_isAsking)
            Q_EMIT cancelRequested();
        else
            askIfPossible();
    });
    connect(m_apply, &QPushButton::clicked, this, [this] {
        if (const auto wanted = edit()) Q_EMIT applyRequested(*wanted);
    });
    connect(m_discard, &QPushButton::clicked, this, &WhatIfPane::discard);
    connect(m_whole, &QToolButton::clicked, this, &WhatIfPane::wholeEventRequested);
    showState();
}

QWidget *WhatIfPane::makeQuestion()
{
    auto *box = new QWidget(this);
    m_title = makeLabel(u"whatIfTitle"_s, ui::Tone::Text, ui::TypeSize::Heading, box);
    m_whole = new QToolButton(box);
    m_whole->setObjectName(u"whatIfWhole"_s);
    m_whole->setText(tr("Whole event"));
    m_whole->setToolTip(tr("Ask about all tokens of the event"));
    m_choice = new ui::SegmentedChoice(box);
    m_choice->setObjectName(u"whatIfChoice"_s);
    m_choice->setAccessibleName(tr("What would be done"));
    m_choice->addChoice(u"forget"_s, tr("Forget"), tr("As if it had never been stored"));
    const auto addStrength = [this](double factor, const QString &meaning) {
        m_choice->addChoice(QString::number(factor), u"× "_s + strengthText(factor), meaning);
    };
    addStrength(0, tr("Found, but what it gives counts nothing: muted"));
    addStrength(0.5, tr("What a read of it gives counts half"));
    addStrength(1, tr("As it was stored"));
    addStrength(2, tr("What a read of it gives counts twice"));
    addStrength(4, tr("What a read of it gives counts four times"));
    m_prompt = new ui::UnitLineEdit({}, box);
    m_prompt->setObjectName(u"whatIfPrompt"_s);
    m_prompt->setAccessibleName(tr("Ask with"));
    m_prompt->setPlaceholderText(tr("A text whose next token depends on it"));
    auto *ask = new ui::ToneLabel(tr("Ask with:"), ui::Tone::Secondary, ui::TypeSize::Base, box);
    ask->setBuddy(m_prompt);
    m_preview = new QPushButton(box);
    m_preview->setObjectName(u"whatIfPreview"_s);
    m_error = makeLabel(u"whatIfError"_s, ui::Tone::Error, ui::TypeSize::Small, box);
    m_explanation = makeLabel(u"whatIfExplanation"_s, ui::Tone::Secondary, ui::TypeSize::Small, box);
    m_explanation->setText(
        tr("The model reads this text twice, behind its memory as it is and as it would be; compared is what "
           "it would say next. Nothing is changed before Apply."));
    auto *head = new QHBoxLayout;
    head->setSpacing(ui::space::kOne);
    head->addWidget(m_title, 1);
    head->addWidget(m_whole, 0, Qt::AlignTop);
    auto *line = new QHBoxLayout;
    line->setSpacing(ui::space::kHalf);
    line->addWidget(ask);
    line->addWidget(m_prompt, 1);
    line->addWidget(m_preview);
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kOne);
    column->addLayout(head);
    column->addWidget(m_choice);
    column->addLayout(line);
    column->addWidget(m_error);
    column->addWidget(m_explanation);
    return box;
}

QWidget *WhatIfPane::makeAnswer()
{
    m_answers = new QStackedWidget(this);
    auto *page = new QWidget(m_answers);
    m_result = makeLabel(u"whatIfResult"_s, ui::Tone::Text, ui::TypeSize::Base, page);
    m_bars = new ui::BarList(tr("What the model would say next, as it is and changed"), page);
    m_bars->setObjectName(u"whatIfBars"_s);
    m_bars->setColors(ui::BarList::Colors::WithAndWithout);
    m_legend = makeLabel(u"whatIfLegend"_s, ui::Tone::Secondary, ui::TypeSize::Small, page);
    m_apply = new QPushButton(tr("Apply"), page);
    m_apply->setObjectName(u"whatIfApply"_s);
    m_apply->setToolTip(tr("Change the memory so; Ctrl+Z takes it back until the model reads on"));
    m_discard = new QPushButton(tr("Discard"), page);
    m_discard->setObjectName(u"whatIfDiscard"_s);
    m_discard->setToolTip(tr("Leave the memory as it is"));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(ui::space::kOne);
    buttons->addStretch(1);
    buttons->addWidget(m_discard);
    buttons->addWidget(m_apply);
    auto *column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kHalf);
    column->addWidget(m_result);
    column->addWidget(m_bars);
    column->addWidget(m_legend);
    column->addLayout(buttons);
    column->addStretch(1);
    m_answers->addWidget(page);
    m_noAnswer = new ui::EmptyState({}, {}, m_answers);
    m_answers->addWidget(m_noAnswer);
    return m_answers;
}

void WhatIfPane::setTarget(const std::optional<WhatIfTarget> &target)
{
    const bool isSame =
        target == m_target && (!target || target->strength == m_target->strength ||
                               (std::isnan(target->strength) && std::isnan(m_target->strength)));
    m_target = target;
    if (!isSame) discard();
    showState();
}

QString WhatIfPane::prompt() const { return m_prompt->text(); }

void WhatIfPane::setPrompt(const QString &text)
{
    m_hasOwnPrompt = !text.isEmpty();
    if (text != m_prompt->text()) m_prompt->setText(text);
}

void WhatIfPane::setUsualPrompt(const QString &text)
{
    if (!m_hasOwnPrompt && text != m_prompt->text()) m_prompt->setText(text);
}

void WhatIfPane::setState(bool canAsk, bool isAsking, bool isBusy)
{
    m_canAsk = canAsk;
    m_isAsking = isAsking;
    m_isBusy = isBusy;
    showState();
}

void WhatIfPane::choose(const QString &id)
{
    if (QAbstractButton *button = m_choice->button(id)) button->click();
}

std::optional<MemoryEdit> WhatIfPane::edit() const
{
    const QString chosen = m_choice->current();
    if (!m_target || chosen.isEmpty()) return {};
    MemoryEdit edit;
    edit.event = m_target->event;
    edit.slot = m_target->slot;
    if (chosen == u"forget") {
        edit.verb = m_target->slot < 0 ? MemoryVerb::Forget : MemoryVerb::ForgetSlot;
    } else {
        edit.verb = MemoryVerb::Scale;
        edit.factor = chosen.toDouble();
    }
    return edit;
}

void WhatIfPane::changeQuestion()
{
    m_report.reset();
    m_error->clear();
    m_prompt->setInvalid(false);
    if (m_isAsking) Q_EMIT cancelRequested();
    showState();
}

void WhatIfPane::askIfPossible()
{
    if (m_preview->isEnabled() && !m_isAsking) Q_EMIT previewRequested();
}

void WhatIfPane::discard()
{
    m_choice->setCurrent(m_target && !std::isnan(m_target->strength) ? QString::number(m_target->strength)
                                                                     : QString());
    changeQuestion();
}

void WhatIfPane::showReport(const InspectReport &report)
{
    m_report = report;
    m_error->clear();
    m_prompt->setInvalid(false);
    m_bars->setRows(pairedRows(report), {tr("as it is"), tr("changed")});
    m_result->setText(summary());
    m_legend->setText(tr("Upper bar: memory as it is; lower bar: %1. Probability, 0 … %2, linear.")
                          .arg(choiceText(), ui::tickText(m_bars->limit())));
    showState();
}

void WhatIfPane::showError(const Error &error)
{
    m_report.reset();
    m_error->setText(ui::errorText(error));
    m_prompt->setInvalid(true);
    showState();
}

QString WhatIfPane::choiceText() const
{
    const auto wanted = edit();
    if (!wanted) return {};
    if (wanted->verb != MemoryVerb::Scale) return tr("%1 forgotten").arg(m_target->name);
    return tr("%1 with strength %2").arg(m_target->name, strengthText(wanted->factor));
}

QString WhatIfPane::title() const { return m_title->text(); }

QString WhatIfPane::question() const { return tr("Asked with “%1”.").arg(m_prompt->text()); }

QString WhatIfPane::legend() const { return m_legend->text(); }

QString WhatIfPane::summary() const
{
    if (!m_report || m_report->candidates.empty() || m_report->changed.empty()) return {};
    const auto likeliest = [](const std::vector<TokenAlternative> &list) {
        const auto most = std::max_element(list.begin(), list.end(), [](const auto &a, const auto &b) {
            return a.probability < b.probability;
        });
        return visibleText(most->bytes, 24);
    };
    const QString now = likeliest(m_report->candidates), then = likeliest(m_report->changed);
    const QString divergence =
        tr("KL divergence %1 nats").arg(ui::significantText(std::max(0.0, m_report->changedDivergence), 3));
    if (now == then) return tr("It would still say “%1” first; %2.").arg(now, divergence);
    return tr("It would say “%1” in place of “%2”; %3.").arg(then, now, divergence);
}

void WhatIfPane::showState()
{
    m_stack->setCurrentIndex(m_target ? 0 : 1);
    if (!m_target) return;
    m_title->setText(tr("What if: %1").arg(m_target->name));
    m_whole->setVisible(m_target->slot >= 0);
    const bool hasText = !m_prompt->text().isEmpty(), hasChoice = edit().has_value();
    m_preview->setText(m_isAsking ? tr("Cancel") : tr("Preview"));
    m_preview->setEnabled(m_isAsking || (m_canAsk && hasText && hasChoice && !m_isBusy));
    m_preview->setToolTip(m_isAsking   ? tr("Stop the comparison (Esc)")
                          : !hasText   ? tr("Type a text to ask with first")
                          : !hasChoice ? tr("Choose what would be done first")
                                       : tr("Compare what the model would say next (Enter)"));
    m_error->setVisible(!m_error->text().isEmpty());
    m_answers->setCurrentIndex(m_report ? 0 : 1);
    m_apply->setEnabled(m_report && !m_isBusy);
    m_discard->setEnabled(m_report && !m_isBusy);
    if (m_isAsking)
        m_noAnswer->setTexts(tr("Comparing…"), tr("The model reads the text twice."));
    else if (!m_canAsk)
        m_noAnswer->setTexts(tr("No engine"), tr("The comparison needs a connected engine."));
    else if (!hasText)
        m_noAnswer->setTexts(tr("A text to ask with"),
                             tr("Type how a text begins whose next token should depend on what is "
                                "remembered."));
    else
        m_noAnswer->setTexts(tr("Nothing compared yet"),
                             tr("Choose Forget or a strength, or press Preview."));
}

} // namespace orrery::memory_ui
