// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/token_strip.h"

#include "widgets/attention/token_groups.h"
#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/contrast.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxLines = 3; ///< on the screen at once
constexpr double kPadding = 2, kGap = 2;
constexpr double kFrame = 2, kBand = 5; ///< of the tint, around and under a picture

} // namespace

TokenStrip::TokenStrip(QWidget *parent) : QAbstractScrollArea(parent)
{
    setObjectName(u"tokenStrip"_s);
    setAccessibleName(tr("Tokens that were read"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    viewport()->setAutoFillBackground(false);
    connect(&Theme::instance(), &Theme::changed, this, &TokenStrip::relayout);
}

int TokenStrip::lineHeight() const
{
    const int ofPictures = m_thumbnails.empty() ? 0 : int(kFrame + kBand);
    return QFontMetrics(typeFont(TypeSize::Mono)).height() + 5 + ofPictures;
}

QSize TokenStrip::sizeHint() const
{
    // With more lines none is seen by a sliver.
    const int spare = m_numLines > kMaxLines ? 0 : 2;
    return {400, std::clamp(m_numLines, 1, kMaxLines) * lineHeight() + spare};
}
QSize TokenStrip::minimumSizeHint() const { return {120, sizeHint().height()}; }

void TokenStrip::setTokens(const std::vector<InspectedToken> &tokens)
{
    std::vector<QString> labels = axisLabels(tokens, groupTokens(tokens, Granularity::Token));
    if (labels == m_labels) return;
    m_labels = std::move(labels);
    m_thumbnails.clear();
    m_weights.clear();
    m_cursor = std::clamp(m_cursor, 0, std::max(0, numTokens() - 1));
    m_revealed = m_scrollTarget = -1;
    verticalScrollBar()->setValue(0);
    relayout();
}

void TokenStrip::setThumbnails(std::vector<QImage> thumbnails)
{
    if (thumbnails.size() != m_labels.size()) thumbnails.clear();
    if (thumbnails.empty() && m_thumbnails.empty()) return;
    m_thumbnails = std::move(thumbnails);
    updateGeometry(); // lines with pictures are higher
    relayout();
}

void TokenStrip::setWeights(std::vector<float> weights, const HeatScale &scale, TokenRange active)
{
    m_weights = std::move(weights);
    m_scale = scale;
    m_active = active;
    viewport()->update();
    announceSummary(this);
}

void TokenStrip::relayout()
{
    const QFontMetricsF metrics(typeFont(TypeSize::Mono));
    const double room = std::max(60, viewport()->width());
    const int height = lineHeight();
    double x = 1, y = 1;
    m_places.clear();
    for (size_t i = 0; i < m_labels.size(); ++i) {
        const bool isPicture = i < m_thumbnails.size() && !m_thumbnails[i].isNull();
        const double wanted = isPicture
                                  ? height - kGap - kBand + kFrame
                                  : std::ceil(metrics.horizontalAdvance(m_labels[i])) + 2 * kPadding + 1;
        const double width = std::min(room - 2, wanted);
        if (x + width > room && x > 1) {
            x = 1;
            y += height;
        }
        m_places.push_back(QRectF(x, y, width, height - kGap));
        x += width + kGap;
    }
    const int lines = int(std::round((y - 1) / height)) + 1;
    if (lines != m_numLines) {
        m_numLines = lines;
        updateGeometry();
    }
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(height);
    verticalScrollBar()->setRange(0,
                                  lines > kMaxLines ? std::max(0, lines * height - viewport()->height()) : 0);
    scrollTo(m_scrollTarget);
    viewport()->update();
}

void TokenStrip::reveal(int token)
{
    if (token == m_revealed) return;
    m_revealed = m_scrollTarget = token;
    scrollTo(token);
}

/// By whole lines, so that none is cut.
void TokenStrip::scrollTo(int token)
{
    if (token < 0 || token >= std::ssize(m_places)) return;
    QScrollBar *bar = verticalScrollBar();
    const int height = lineHeight(), line = int(m_places[size_t(token)].top()) / height;
    const int page = std::max(1, viewport()->height() / height) * height;
    if (line * height < bar->value()) bar->setValue(line * height);
    if ((line + 1) * height > bar->value() + page) bar->setValue((line + 1) * height - page);
}

QRectF TokenStrip::tokenRect(int token) const
{
    if (token < 0 || token >= std::ssize(m_places)) return {};
    return m_places[size_t(token)].translated(0, -verticalScrollBar()->value());
}

QString TokenStrip::summary() const
{
    if (m_labels.empty()) return tr("No tokens yet");
    QString sentence = counted(numTokens(), tr("1 token: "), tr("%1 tokens: "));
    QStringList words;
    for (size_t i = 0; i < std::min<size_t>(40, m_labels.size()); ++i) words << m_labels[i];
    sentence += words.join(u' ');
    const auto best = std::max_element(m_weights.begin(), m_weights.end());
    if (best == m_weights.end() || m_active.begin < 0) return sentence;
    const auto index = static_cast<size_t>(best - m_weights.begin());
    return sentence + tr(". Token %1 looks most at “%2” (%3)")
                          .arg(m_active.begin)
                          .arg(m_labels[index], fixedText(*best, 3));
}

void TokenStrip::paintEvent(QPaintEvent *)
{
    const FigureStyle style = FigureStyle::ofTheme();
    QPainter painter(viewport());
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(style.mono);
    const QFontMetricsF metrics(style.mono);
    const bool isTinted = m_weights.size() == m_labels.size();
    for (int i = 0; i < numTokens(); ++i) {
        const QRectF area = tokenRect(i);
        if (area.bottom() < 0 || area.top() > viewport()->height()) continue;
        QColor ground = style.zero();
        if (isTinted) ground = QColor::fromRgb(m_scale.color(m_weights[size_t(i)], style));
        painter.setPen(Qt::NoPen);
        painter.setBrush(ground);
        painter.drawRoundedRect(area, 2, 2);
        const bool isDarkReadable = contrastRatio(Qt::black, ground) > contrastRatio(Qt::white, ground);
        const QColor ink = contrastRatio(style.tokens.text, ground) >= kMinTextContrast
                               ? style.tokens.text
                               : QColor(isDarkReadable ? Qt::black : Qt::white);
        painter.setPen(ink);
        const bool isPicture = size_t(i) < m_thumbnails.size() && !m_thumbnails[size_t(i)].isNull();
        if (isPicture)
            paintThumbnail(painter, area, m_thumbnails[size_t(i)], ground);
        else
            painter.drawText(area, Qt::AlignCenter,
                             metrics.elidedText(m_labels[size_t(i)], Qt::ElideRight, area.width() - 2));
        painter.setBrush(Qt::NoBrush);
        if (i >= m_active.begin && i < m_active.end) {
            painter.setPen(QPen(style.tokens.accent, 1.8));
            painter.drawRoundedRect(area.adjusted(0, 0, 0, 0), 2, 2);
        }
        if (hasFocus() && i == m_cursor) {
            painter.setPen(QPen(style.tokens.text, 1.2, Qt::DashLine));
            painter.drawRoundedRect(area.adjusted(1.5, 1.5, -1.5, -1.5), 2, 2);
        }
    }
}

/// The patch on the tint, most of which is under it: it must not change its colours, nor outshine its weight.
void TokenStrip::paintThumbnail(QPainter &painter, const QRectF &area, const QImage &thumbnail,
                                const QColor &ground) const
{
    painter.fillRect(area, ground);
    painter.drawImage(area.adjusted(kFrame, kFrame, -kFrame, -kBand), thumbnail);
}

void TokenStrip::mousePressEvent(QMouseEvent *event)
{
    for (int i = 0; i < numTokens(); ++i)
        if (tokenRect(i).contains(event->position())) {
            m_cursor = i;
            Q_EMIT chosen(i);
            return;
        }
}

/// Where a key leads; -1: it is none that moves.
int TokenStrip::cursorAfter(int key) const
{
    switch (key) {
    case Qt::Key_Left:
        return std::max(m_cursor - 1, 0);
    case Qt::Key_Right:
        return std::min(m_cursor + 1, numTokens() - 1);
    case Qt::Key_Home:
        return 0;
    case Qt::Key_End:
        return numTokens() - 1;
    case Qt::Key_Up:
    case Qt::Key_Down:
        break;
    default:
        return -1;
    }
    // The token of the next line that is nearest to this one.
    const QRectF here = m_places[size_t(m_cursor)];
    const int step = key == Qt::Key_Up ? -1 : 1;
    int best = m_cursor;
    for (int i = m_cursor + step; i >= 0 && i < numTokens(); i += step) {
        const QRectF &place = m_places[size_t(i)];
        if (place.top() == here.top()) continue;
        if (best != m_cursor && place.top() != m_places[size_t(best)].top()) break;
        const auto distance = [&here, this](int token) {
            return std::abs(m_places[size_t(token)].center().x() - here.center().x());
        };
        if (best == m_cursor || distance(i) < distance(best)) best = i;
    }
    return best;
}

void TokenStrip::keyPressEvent(QKeyEvent *event)
{
    if (m_labels.empty()) return QAbstractScrollArea::keyPressEvent(event);
    const int next = cursorAfter(event->key());
    if (next >= 0) {
        m_cursor = next;
        m_scrollTarget = m_cursor;
        scrollTo(m_cursor);
        viewport()->update();
        return;
    }
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space) {
        Q_EMIT chosen(m_cursor);
        return;
    }
    QAbstractScrollArea::keyPressEvent(event);
}

void TokenStrip::focusInEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void TokenStrip::focusOutEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

void TokenStrip::changeEvent(QEvent *event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange) relayout();
}

void TokenStrip::resizeEvent(QResizeEvent *event)
{
    QAbstractScrollArea::resizeEvent(event);
    relayout();
}

} // namespace orrery::ui
