// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/microscope/microscope_panel.h"

#include "widgets/attention/exact_text.h"
#include "widgets/attention/media_patches.h"
#include "widgets/attention/token_groups.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/banner.h"
#include "widgets/common/breadcrumbs.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/microscope/focus_media.h"
#include "widgets/microscope/focus_strip.h"
#include "widgets/microscope/focus_text.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_reading.h"
#include "widgets/microscope/scale_bar.h"
#include "widgets/microscope/section.h"
#include "widgets/microscope/table_view.h"
#include "widgets/play/token_view.h"
#include "widgets/session/engine_session.h"

#include <QKeyEvent>
#include <QLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kSlowMs = 80; ///< an answer that is there sooner does not make the panel flicker
constexpr int kAgeMs = 1'000;

} // namespace

MicroscopePanel::MicroscopePanel(EngineSession &session, Selection &selection, QWidget *parent)
    : PanelFrame(tr("Microscope"), parent), m_session(session), m_selection(selection),
      m_feed(new MicroscopeFeed(session, this)), m_media(new FocusMedia(session, this))
{
    setObjectName(u"microscopePanel"_s);
    makeParts();
    m_slowTimer.setSingleShot(true);
    m_slowTimer.setInterval(kSlowMs);
    m_ageTimer.setInterval(kAgeMs);
    connect(&m_slowTimer, &QTimer::timeout, this, [this] {
        m_isSlow = true;
        refresh();
    });
    connect(&m_ageTimer, &QTimer::timeout, this, &MicroscopePanel::refreshState);
    connectParts();
    connectSections();
    m_feed->setFocus(m_selection.focus());
    refresh();
}

MicroscopePanel::~MicroscopePanel()
{
    m_feed->disconnect(this); // what it sends while it goes would find a panel that is half gone
}

void MicroscopePanel::connectParts()
{
    connect(&m_selection, &Selection::changed, this, [this](const Focus &focus) {
        m_hasFailed = false;
        banner()->clear();
        m_feed->setFocus(focus);
        m_media->setFocus(focus, isVisible());
    });
    connect(m_media, &FocusMedia::changed, this, &MicroscopePanel::takeMedia);
    connect(m_feed, &MicroscopeFeed::changed, this, &MicroscopePanel::refresh);
    connect(m_feed, &MicroscopeFeed::progressed, this, &MicroscopePanel::showProgress);
    connect(m_crumbs, &Breadcrumbs::chosen, this, &MicroscopePanel::goUpTo);
    connect(m_crumbs, &Breadcrumbs::backRequested, &m_selection, &Selection::goBack);
    connect(m_crumbs, &Breadcrumbs::forwardRequested, &m_selection, &Selection::goForward);
    connect(&m_selection, &Selection::historyChanged, this, &MicroscopePanel::refreshCrumbs);
    connect(m_feed, &MicroscopeFeed::answered, this, [this] {
        m_hasFailed = false;
        banner()->clear();
    });
    connect(m_feed, &MicroscopeFeed::failed, this, [this](const Error &error) {
        m_hasFailed = true;
        banner()->showError(error, tr("Retry"));
    });
    connect(banner(), &Banner::retryRequested, this, [this] {
        banner()->clear();
        m_hasFailed = false;
        m_feed->askAgain();
    });
    connect(m_emptyAsk, &QPushButton::clicked, m_feed, &MicroscopeFeed::askAgain);
    connect(m_again, &QToolButton::clicked, m_feed, &MicroscopeFeed::askAgain);
    connect(m_follow, &QToolButton::clicked, m_feed, &MicroscopeFeed::setFollowing);
    connect(m_strip, &FocusStrip::moved, this,
            [this](qint64 token) { m_selection.move(token, m_selection.focus().head, this); });
    connect(m_tint, &SegmentedChoice::chosen, this, [this] {
        updateWants();
        refreshStrip();
    });
    connect(m_branch, &QPushButton::clicked, this, &MicroscopePanel::requestBranch);
}

void MicroscopePanel::connectSections()
{
    for (Section *one : m_sections) {
        connect(one, &Section::toggled, this, &MicroscopePanel::updateWants);
        connect(one, &Section::limitChanged, this, [this, one] { refreshSection(one); });
        ReadingTableView *view = one->view();
        connect(view, &ReadingTableView::currentRowChanged, this, [this, view](int row) {
            const QRect place =
                view->figure().rowRect(row).toRect().translated(view->mapTo(m_scroll->widget(), QPoint()));
            if (view->hasFocus() && row >= 0)
                m_scroll->ensureVisible(place.center().x(), place.center().y(), 0, place.height());
        });
    }
    ReadingTableView *choices = section(MicroscopeSection::Choices)->view();
    connect(choices, &ReadingTableView::currentRowChanged, this, &MicroscopePanel::refreshBranch);
    connect(choices, &ReadingTableView::opened, this, &MicroscopePanel::requestBranch);
    for (const MicroscopeSection kind :
         {MicroscopeSection::Mattered, MicroscopeSection::Attention, MicroscopeSection::Memory}) {
        const ReadingTableView *view = section(kind)->view();
        connect(view, &ReadingTableView::opened, this,
                [this, view](int row) { goToSaid(view->table().rows[size_t(row)].place); });
    }
}

void MicroscopePanel::updateWants()
{
    MicroscopeWants wants;
    wants.lens = section(MicroscopeSection::Layers)->isOpen();
    wants.attribution = section(MicroscopeSection::Mattered)->isOpen() || m_tint->current() == u"mattered"_s;
    m_feed->setWants(wants);
}

void MicroscopePanel::goToSaid(int64_t place)
{
    // Nothing stands before the first token that could have said it.
    if (place > 0) m_selection.move(place - 1, m_selection.focus().head, this);
}

void MicroscopePanel::requestBranch()
{
    const ReadingTableView *view = section(MicroscopeSection::Choices)->view();
    if (!m_branch->isEnabled() || view->currentRow() < 0) return;
    Focus focus = m_feed->shown()->focus;
    // "Behind the last one" goes on behind whatever is the last one then.
    focus.token = m_feed->focus().token < 0 ? -1 : m_feed->shown()->report.token;
    const std::vector<Choice> choices = choicesOf(m_feed->shown()->report);
    Q_EMIT branchRequested(focus, choices[size_t(view->currentRow())].token);
}

bool MicroscopePanel::isDimmed() const { return m_dim->isVisibleTo(m_scroll); }

void MicroscopePanel::refresh()
{
    const bool isShown = m_feed->shown() && !m_feed->focus().isEmpty();
    m_pages->setCurrentWidget(isShown ? m_shownPage : m_empty);
    m_follow->setVisible(m_feed->isLive());
    m_follow->setChecked(m_feed->isFollowing());
    m_again->setEnabled(!m_feed->focus().isEmpty());
    refreshEmpty();
    if (isShown && m_contentOf != m_feed->shown()) refreshContent();
    if (isShown) {
        const bool isSameText = m_feed->shown()->focus.isSameText(m_feed->focus());
        m_strip->setToken(isSameText ? m_feed->focus().token : m_feed->shown()->report.token);
    }
    refreshCrumbs();
    refreshState();
    refreshBranch();
    const bool isAsking = m_feed->isAsking();
    if (!isAsking) {
        m_slowTimer.stop();
        m_isSlow = false;
    } else if (!m_isSlow && !m_slowTimer.isActive()) {
        m_slowTimer.start();
    }
    showProgress();
    m_dim->setVisible(isShown && !m_feed->isOfFocus() && (m_isSlow || !isAsking));
}

void MicroscopePanel::refreshEmpty()
{
    const bool isEmpty = m_feed->focus().isEmpty();
    const QString model = modelTitle(m_feed->focus().model, m_session.runs());
    if (isEmpty)
        m_empty->setTexts(
            tr("No token is chosen"),
            tr("Click a token in an answer of the playground, in a probe prompt or in an attention map: "
               "why it was said, and what else could have come, will stand here."));
    else if (m_feed->isAsking())
        m_empty->setTexts(tr("Reading the text"), tr("%1 is asked.").arg(model));
    else
        m_empty->setTexts(tr("No answer yet"), m_hasFailed ? tr("The message above says why.")
                                                           : tr("%1 was not asked.").arg(model));
    m_emptyAsk->setVisible(!isEmpty && !m_feed->isAsking());
    if (isEmpty) setSummary(tr("No token is chosen"));
}

void MicroscopePanel::refreshContent()
{
    m_contentOf = m_feed->shown();
    refreshHeader();
    m_strip->setTokens(m_contentOf->report.tokens);
    refreshThumbnails();
    for (Section *one : m_sections) refreshSection(one);
    refreshStrip();
    setSummary(microscopeSummary(m_contentOf->report));
}

void MicroscopePanel::refreshSection(Section *one)
{
    if (!m_contentOf) return;
    SectionContent content = sectionContent(one->kind(), m_contentOf->report, m_contentOf->head, one->limit());
    const bool isMissing = (one->kind() == MicroscopeSection::Layers && !m_contentOf->has.lens) ||
                           (one->kind() == MicroscopeSection::Mattered && !m_contentOf->has.attribution);
    if (isMissing) content = {.sentence = tr("Not computed yet.")};
    const std::vector<AttentionMap> &maps = m_contentOf->report.maps;
    const bool isPooled = std::any_of(maps.begin(), maps.end(),
                                      [](const AttentionMap &map) { return map.columnsPerCell > 1; });
    const bool isOfTokens = one->kind() == MicroscopeSection::Mattered ||
                            one->kind() == MicroscopeSection::Memory ||
                            (one->kind() == MicroscopeSection::Attention && !isPooled);
    if (isOfTokens) addPictures(content.table, m_thumbnails);
    one->setContent(content);
    m_lensScale->setVisible(!m_contentOf->report.lens.empty());
}

/// Decoded once a text: going through its tokens shows the same ones.
void MicroscopePanel::refreshThumbnails()
{
    const auto &text = m_contentOf->focus.text;
    const std::vector<InspectedToken> &tokens = m_contentOf->report.tokens;
    const SampleMediaPtr sample = m_media->find(m_contentOf->focus);
    if (text != m_thumbnailsOf || sample != m_thumbnailsBy || m_thumbnails.size() != tokens.size()) {
        m_thumbnailsOf = text;
        m_thumbnailsBy = sample;
        m_thumbnails = sample ? mediaThumbnails(*sample, tokens)
                       : text ? mediaThumbnails(*text, tokens)
                              : std::vector<QImage>();
    }
    m_strip->strip()->setThumbnails(m_thumbnails);
}

/// The pictures of a document have come, or are those of a newer sample.
void MicroscopePanel::takeMedia()
{
    if (!m_contentOf) return;
    refreshThumbnails();
    for (Section *one : m_sections) refreshSection(one);
}

void MicroscopePanel::refreshStrip()
{
    if (!m_contentOf) return;
    const InspectReport &report = m_contentOf->report;
    const bool isAttention = m_tint->current() == u"attention"_s;
    std::vector<float> weights = report.attribution;
    HeatScale scale{.kind = ScaleKind::Linear, .isDifference = true, .limit = 1};
    if (isAttention) {
        weights = m_contentOf->head ? attentionByToken(report, *m_contentOf->head) : std::vector<float>();
        scale = {.kind = ScaleKind::SquareRoot, .isDifference = false, .limit = 1};
    } else {
        double largest = 0;
        for (const float value : weights) largest = std::max(largest, double(std::abs(value)));
        scale.limit = roundLimit(largest);
    }
    const bool isTinted = !weights.empty() && weights.size() == report.tokens.size();
    m_strip->setTint(std::move(weights), scale);
    m_scale->setScale(scale, isAttention ? tr("attention weight") : tr("share in nats"));
    m_scale->setVisible(isTinted);
    m_tintNote->setVisible(!isTinted);
    m_tintNote->setText(isAttention && !m_contentOf->head
                            ? tr("Choose a head in the attention panel for this tint.")
                            : tr("No tint: nothing is known of it here."));
}

void MicroscopePanel::refreshBranch()
{
    const ReadingTableView *view = section(MicroscopeSection::Choices)->view();
    const int row = view->currentRow();
    m_branch->setVisible(row >= 0);
    if (row < 0) return;
    const TableRow &content = view->table().rows[size_t(row)];
    QString label = content.cells[1].text;
    constexpr qsizetype kMaxLabel = 18;
    if (label.size() > kMaxLabel) label = label.left(kMaxLabel - 1) + u'…';
    m_branch->setText(content.isMarked ? tr("Branch here") : tr("Branch here with “%1”").arg(label));
    m_branch->setEnabled(!content.isMarked && m_feed->isOfFocus());
    // A layout that was asked for while the panel was hidden is not done by itself when it is shown.
    m_branch->parentWidget()->layout()->activate();
}

MicroscopeFigure MicroscopePanel::figure() const
{
    MicroscopeFigure figure;
    if (!m_feed->shown() || !m_contentOf) return figure;
    figure.title = microscopeSummary(m_contentOf->report);
    figure.subtitle = stateText();
    if (m_feed->isOfFocus()) figure.subtitle.prepend(m_crumbs->path().join(u" › "_s) + u" · "_s);
    for (const Section *one : m_sections) {
        const bool isLens = one->kind() == MicroscopeSection::Layers && !one->content().table.isEmpty();
        if (one->isOpen()) figure.parts.push_back({sectionTitle(one->kind()), one->content(), isLens});
    }
    return figure;
}

Result<void> MicroscopePanel::save(const QString &path) const
{
    if (!m_feed->shown())
        return Error{ErrorCode::NotFound, "Cannot save \"" + toStd(path) + "\": nothing is shown.",
                     "Choose a token first."};
    return saveMicroscope(*m_feed->shown(), figure(), path);
}

QString MicroscopePanel::command()
{
    if (m_commandOf != m_feed->shown()) {
        m_commandOf = m_feed->shown();
        m_command = m_commandOf ? microscopeCommand(*m_commandOf) : QString();
    }
    return m_command;
}

QVariantMap MicroscopePanel::viewState() const
{
    QVariantMap state = focusToMap(m_feed->focus());
    QStringList open;
    for (const Section *one : m_sections)
        if (one->isOpen()) open << sectionId(one->kind());
    state.insert(u"open"_s, open.isEmpty() ? QStringList{u"none"_s} : open);
    state.insert(u"tint"_s, m_tint->current());
    return state;
}

void MicroscopePanel::restoreView(const QVariantMap &state)
{
    const QStringList open = state.value(u"open"_s).toStringList();
    if (!open.isEmpty())
        for (Section *one : m_sections) one->setOpen(open.contains(sectionId(one->kind())));
    const QString tint = state.value(u"tint"_s).toString();
    if (m_tint->button(tint)) m_tint->setCurrent(tint);
    updateWants();
    refreshStrip();
    const Result<std::optional<Focus>> focus = focusFromMap(state);
    if (!focus.ok())
        banner()->showError(focus.error());
    else if (*focus)
        m_selection.set(**focus, this);
}

void MicroscopePanel::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && m_feed->isAsking()) return m_feed->cancel();
    PanelFrame::keyPressEvent(event);
}

void MicroscopePanel::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    m_ageTimer.start();
    m_media->setFocus(m_feed->focus(), true);
    m_feed->setActive(true);
}

void MicroscopePanel::hideEvent(QHideEvent *event)
{
    PanelFrame::hideEvent(event);
    m_ageTimer.stop();
    m_feed->setActive(false);
}

} // namespace orrery::ui
