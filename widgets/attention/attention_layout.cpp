// SPDX-License-Identifier: GPL-3.0-or-later
// What the attention panel is made of and where it stands; what it does is in attention_panel.cpp.
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/breadcrumbs.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/scrubber.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QShortcut>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::ui {

void AttentionPanel::makeParts()
{
    m_prompts = new PromptBar(this);
    m_strip = new TokenStrip(this);
    m_stage = new AttentionStage(this);
    m_scrubber = new Scrubber(*m_feed, this);
    m_empty = new EmptyState(QString(), QString(), this);
    m_empty->setObjectName(u"attentionEmpty"_s);
    m_emptyAsk = m_empty->addButton(tr("Ask the model now"));
    m_emptyAsk->setObjectName(u"emptyAsk"_s);
    m_emptyNewRun = m_empty->addPlainButton(tr("New run"), u"plus"_s);
    m_emptyNewRun->setObjectName(u"emptyNewRun"_s);

    m_note = new ToneLabel(
        tr("Attention shows where a head reads, not why the model answers. Try it without this head."),
        Tone::Secondary, TypeSize::Base, this);
    m_note->setObjectName(u"attentionNote"_s);
    m_note->setWordWrap(true);
    m_note->setMinimumWidth(120);
    m_ablate = new QPushButton(tr("Without this head"), this);
    m_ablate->setObjectName(u"ablate"_s);
    m_ablate->setToolTip(tr("Computes what the model would say next if this head gave nothing (W)"));
    m_backToKept = new QPushButton(tr("Back to the kept steps"), this);
    m_backToKept->setObjectName(u"backToKept"_s);

    auto *noteRow = new QHBoxLayout;
    noteRow->setSpacing(space::kOne);
    noteRow->addWidget(m_note, 1);
    noteRow->addWidget(m_backToKept);
    noteRow->addWidget(m_ablate);
    auto *shown = new QWidget(this);
    auto *shownLayout = new QVBoxLayout(shown);
    shownLayout->setContentsMargins(0, 0, 0, 0);
    shownLayout->setSpacing(space::kOne);
    shownLayout->addWidget(m_strip);
    shownLayout->addWidget(m_stage, 1);
    shownLayout->addLayout(noteRow);

    m_pages = new QStackedWidget(this);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(shown);
    m_foot = new QWidget(this);
    auto *footLayout = new QVBoxLayout(m_foot);
    footLayout->setContentsMargins(0, 0, 0, 0);
    footLayout->setSpacing(space::kOne);
    footLayout->addWidget(makeSeparator(m_foot));
    footLayout->addWidget(m_scrubber);

    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_prompts);
    layout->addWidget(m_pages, 1);
    layout->addWidget(m_foot);
    setContent(content);
    makeTitleRow();
}

void AttentionPanel::makeTitleRow()
{
    m_crumbs = new Breadcrumbs(this);
    m_crumbs->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setTitleVisible(false); // the path begins with it
    m_state = new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, this);
    m_state->setObjectName(u"attentionState"_s);
    m_state->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    addTitleWidget(m_crumbs);
    addTitleWidget(m_state);
    m_copyCommand = addTitleButton(u"terminal"_s, tr("Copy as command"));
    m_copyCommand->setObjectName(u"copyCommand"_s);
    m_export = addTitleButton(u"image"_s, tr("Save or copy the figure"));
    m_export->setObjectName(u"exportFigure"_s);
    auto *menu = new QMenu(m_export);
    menu->addAction(tr("Copy figure"), this, &AttentionPanel::copyImage)->setObjectName(u"copyFigure"_s);
    menu->addAction(tr("Copy table as CSV"), this, [this] { copyToClipboard(table()); })
        ->setObjectName(u"copyTable"_s);
    menu->addSeparator();
    menu->addAction(tr("Save figure or table…"), this, &AttentionPanel::saveAs)
        ->setObjectName(u"saveFigure"_s);
    m_export->setMenu(menu);
    m_export->setPopupMode(QToolButton::InstantPopup);
    connect(m_copyCommand, &QToolButton::clicked, this, [this] { copyToClipboard(command()); });
}

void AttentionPanel::makeShortcuts()
{
    const auto add = [this](const QKeySequence &keys, auto action) {
        auto *shortcut = new QShortcut(keys, this);
        shortcut->setContext(Qt::WidgetWithChildrenShortcut);
        connect(shortcut, &QShortcut::activated, this, action);
    };
    const auto step = [this](int by) {
        backToKept();
        m_feed->goTo(m_feed->index() + by);
    };
    add(Qt::Key_Comma, [step] { step(-1); });
    add(Qt::Key_Period, [step] { step(1); });
    add(Qt::Key_P, [this] {
        backToKept();
        m_feed->setPlaying(!m_feed->isPlaying());
    });
    add(Qt::Key_L, [this] {
        backToKept();
        m_feed->follow();
    });
    add(Qt::Key_D, [this] { setDifference(!m_isDifference); });
    add(Qt::Key_B, [this] { m_feed->setBase(m_feed->index()); });
    add(Qt::Key_O, [this] { openOverlay(); });
    add(Qt::Key_W, [this] { ablate(); });
    add(Qt::Key_BracketLeft, [this] { stepHead(-1); });
    add(Qt::Key_BracketRight, [this] { stepHead(1); });
    add(QKeySequence(Qt::ALT | Qt::Key_Left), [this] { moveInHistory(-1); });
    add(QKeySequence(Qt::ALT | Qt::Key_Right), [this] { moveInHistory(1); });
}

} // namespace orrery::ui
