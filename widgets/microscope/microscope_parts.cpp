// SPDX-License-Identifier: GPL-3.0-or-later
// What the microscope is made of and where it stands; what it does is in microscope_panel.cpp.
#include "widgets/common/breadcrumbs.h"
#include "widgets/common/column_scroll.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/microscope/focus_strip.h"
#include "widgets/microscope/focus_text.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/microscope/scale_bar.h"
#include "widgets/microscope/section.h"
#include "widgets/microscope/stat_row.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// Lets what is out of date stand back without hiding it. As large as what it lies on.
class Dim : public QWidget {
public:
    explicit Dim(QWidget *under) : QWidget(under)
    {
        setAttribute(Qt::WA_TransparentForMouseEvents);
        under->installEventFilter(this);
        hide();
    }

protected:
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        if (event->type() == QEvent::Resize) setGeometry(static_cast<QWidget *>(watched)->rect());
        return false;
    }
    void showEvent(QShowEvent *event) override
    {
        QWidget::showEvent(event);
        setGeometry(parentWidget()->rect());
        raise();
    }
    void paintEvent(QPaintEvent *) override
    {
        QColor veil = Theme::instance().tokens().surface;
        veil.setAlphaF(0.55F);
        QPainter(this).fillRect(rect(), veil);
    }
};

ToneLabel *makeLabel(Tone tone, TypeSize size, const QString &name, QWidget *parent)
{
    auto *label = new ToneLabel({}, tone, size, parent);
    label->setObjectName(name);
    label->setWordWrap(true);
    label->setMinimumWidth(80);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

} // namespace

void MicroscopePanel::makeParts()
{
    m_empty = new EmptyState(QString(), QString(), this);
    m_empty->setObjectName(u"microscopeEmpty"_s);
    m_emptyAsk = m_empty->addPlainButton(tr("Ask again"), u"refresh"_s);
    m_emptyAsk->setObjectName(u"emptyAsk"_s);

    auto *column = new QWidget(this);
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(0, 0, space::kHalf, 0);
    layout->setSpacing(space::kOne);
    makeHeader(*layout);
    makeSections(*layout);
    layout->addStretch(1);
    auto *scroll = new ColumnScroll(this);
    scroll->setColumn(column);
    m_scroll = scroll;
    m_scroll->setObjectName(u"microscopeScroll"_s);
    m_scroll->setAccessibleName(tr("What the microscope shows"));
    m_dim = new Dim(m_scroll->viewport());

    // What it is of stays readable, also when the rest is scrolled away or stands back.
    m_shownPage = new QWidget(this);
    auto *shown = new QVBoxLayout(m_shownPage);
    shown->setContentsMargins(0, 0, 0, 0);
    shown->setSpacing(space::kHalf);
    shown->addWidget(m_crumbs);
    shown->addWidget(m_state);
    shown->addWidget(m_scroll, 1);
    m_pages = new QStackedWidget(this);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(m_shownPage);
    setContent(m_pages);
    makeTitleRow();
    makeTools();
}

void MicroscopePanel::makeHeader(QVBoxLayout &layout)
{
    m_headline = makeLabel(Tone::Text, TypeSize::Heading, u"headline"_s, this);
    m_stats = new StatRow(3, this);
    m_stats->setObjectName(u"stats"_s);
    m_crumbs = new Breadcrumbs(this, Breadcrumbs::Room::Wraps);
    m_state = makeLabel(Tone::Secondary, TypeSize::Small, u"microscopeState"_s, this);
    m_note = makeLabel(Tone::Secondary, TypeSize::Small, u"modelNote"_s, this);
    m_strip = new FocusStrip(this);
    m_tint = new SegmentedChoice(this);
    m_tint->setObjectName(u"tint"_s);
    m_tint->addChoice(u"mattered"_s, tr("Mattered"), tr("Tints the text by gradient × input"));
    m_tint->addChoice(u"attention"_s, tr("Attention"),
                      tr("Tints the text by what the head in focus looks at"));
    m_tint->setCurrent(u"mattered"_s);
    m_scale = new ScaleBar(this);
    m_scale->setObjectName(u"tintScale"_s);
    m_tintNote = makeLabel(Tone::Secondary, TypeSize::Small, u"tintNote"_s, this);
    m_tintNote->setContentsMargins(6, 0, 6, 0);
    layout.addWidget(m_headline);
    layout.addWidget(m_note);
    layout.addWidget(m_stats);
    auto *text = new QVBoxLayout;
    text->setSpacing(space::kHalf);
    text->addWidget(m_strip);
    text->addWidget(m_scale);
    text->addWidget(m_tintNote);
    auto *tintRow = new QHBoxLayout;
    tintRow->setContentsMargins(6, 0, 0, 0);
    tintRow->setSpacing(space::kOne);
    m_tint->setAccessibleName(tr("Tint of the text"));
    tintRow->addWidget(m_tint, 1);
    text->addLayout(tintRow);
    layout.addLayout(text);
}

void MicroscopePanel::makeSections(QVBoxLayout &layout)
{
    for (const MicroscopeSection kind : kMicroscopeSections) {
        auto *section = new Section(kind, this);
        m_sections[size_t(kind)] = section;
        layout.addWidget(section);
    }
    m_branch = new QPushButton(this);
    m_branch->setObjectName(u"branchHere"_s);
    m_branch->setToolTip(tr("Goes on from here with this token in the playground (Enter in the list)"));
    auto *row = new QWidget(this);
    auto *rowLayout = new QHBoxLayout(row);
    rowLayout->setContentsMargins(6, space::kHalf, 0, 0);
    rowLayout->addWidget(m_branch);
    rowLayout->addStretch(1);
    section(MicroscopeSection::Choices)->addFootWidget(row);
    m_lensScale = new ScaleBar(this);
    m_lensScale->setScale({.kind = ScaleKind::Linear, .isDifference = false, .limit = 1}, tr("probability"));
    section(MicroscopeSection::Layers)->addFootWidget(m_lensScale);
}

void MicroscopePanel::makeTitleRow()
{
    m_follow = addTitleButton(u"follow"_s, tr("Follow the training: ask again as it goes on"));
    m_follow->setObjectName(u"follow"_s);
    m_follow->setCheckable(true);
    m_again = addTitleButton(u"refresh"_s, tr("Ask again (F5)"));
    m_again->setObjectName(u"askAgain"_s);
    // Also in the palette of the window.
    auto *again = new QAction(tr("Ask again"), this);
    again->setObjectName(u"microscopeAskAgain"_s);
    again->setShortcut(Qt::Key_F5);
    again->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(again, &QAction::triggered, m_feed, &MicroscopeFeed::askAgain);
    auto *follow = new QAction(tr("Follow the training"), this);
    follow->setObjectName(u"microscopeFollow"_s);
    connect(follow, &QAction::triggered, m_follow, &QToolButton::click);
    addActions({again, follow});
}

/// F5 belongs to this panel while the focus is in it, not to the window, which resumes a run by it.
bool MicroscopePanel::event(QEvent *event)
{
    const bool isKey = event->type() == QEvent::ShortcutOverride || event->type() == QEvent::KeyPress;
    const auto *key = isKey ? static_cast<QKeyEvent *>(event) : nullptr;
    if (!key || key->key() != Qt::Key_F5 || key->modifiers() != Qt::NoModifier) return PanelFrame::event(event);
    if (event->type() == QEvent::KeyPress) m_feed->askAgain();
    event->accept();
    return true;
}

void MicroscopePanel::makeTools()
{
    setHelp(tr(
        "Why was this token said? Click a token in an answer, a prompt or a map: here stands how likely it "
        "was "
        "and what else could have come, from which layer on the model would have said it, which tokens "
        "mattered, where the head in focus looks, and what was read from memory.\n\nLeft and Right in the text "
        "go to the token before and after; Ctrl+C copies a section."));
    setExport({.fileName = u"microscope"_s,
               .figures = {u"svg"_s, u"pdf"_s, u"png"_s},
               .data = {u"csv"_s, u"json"_s},
               .save = [this](const QString &path) { return save(path); },
               .image = [this] { return m_feed->shown() ? microscopeImage(figure()) : QImage(); },
               .table = [this] { return m_feed->shown() ? microscopeCsv(*m_feed->shown()) : QString(); },
               .isEmpty = [this] { return !m_feed->shown(); }});
    setView({.panel = u"microscope"_s,
             .state = [this] { return viewState(); },
             .restore = [this](const QVariantMap &state) { restoreView(state); }});
    setCommand([this] { return command(); });
}

} // namespace orrery::ui
