// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_list_delegate.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/sparkline.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/runs/run_tree_model.h"
#include "widgets/theme/theme.h"

#include <QLineEdit>
#include <QPainter>
#include <QPainterPath>

#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kPadding = 8, kMark = 11, kSparkWidth = 60, kMinWidthForSpark = 210, kEye = 16,
              kMaxTagWidth = 88;
constexpr int kLineGap = 2;

Tone stateLineTone(const QModelIndex &index)
{
    if (index.data(RunListModel::IsStaleRole).toBool()) return Tone::Warning;
    const auto state = static_cast<RunState>(index.data(RunListModel::StateRole).toInt());
    const bool isBad =
        state == RunState::Failed || state == RunState::Crashed || state == RunState::Unreadable;
    return isBad ? Tone::Error : Tone::Secondary;
}

const std::vector<double> &sparklineOf(const QModelIndex &index)
{
    static const std::vector<double> none;
    const auto *tree = qobject_cast<const RunTreeModel *>(index.model());
    const int row = tree ? tree->runs().rowOf(tree->runOf(index)) : -1;
    return row < 0 ? none : tree->runs().sparkline(row);
}

QRect areaOf(const QRect &row) { return row.adjusted(kPadding, 0, -kPadding, 0); }

void paintEye(QPainter &painter, const QRectF &area, const QColor &color, bool isOpen)
{
    const QPointF center = area.center();
    const double width = area.width() / 2 - 1.5, height = 4;
    QPainterPath lid(center + QPointF(-width, 0));
    lid.quadTo(center + QPointF(0, -2 * height), center + QPointF(width, 0));
    lid.quadTo(center + QPointF(0, 2 * height), center + QPointF(-width, 0));
    painter.setPen(QPen(color, 1.3));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(lid);
    if (isOpen) painter.setBrush(color);
    painter.drawEllipse(center, 2.0, 2.0);
}

void paintAlarm(QPainter &painter, const QRectF &area, const QColor &color)
{
    QPainterPath sign(QPointF(area.center().x(), area.top() + 0.5));
    sign.lineTo(area.right() - 0.5, area.bottom() - 1);
    sign.lineTo(area.left() + 0.5, area.bottom() - 1);
    sign.closeSubpath();
    painter.setPen(QPen(color, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(sign);
    const double x = area.center().x();
    painter.drawLine(QPointF(x, area.top() + 4.2), QPointF(x, area.bottom() - 5));
    painter.drawPoint(QPointF(x, area.bottom() - 2.9));
}

} // namespace

RunListDelegate::RunListDelegate(QObject *parent) : QStyledItemDelegate(parent), m_type(makeType())
{
    connect(&Theme::instance(), &Theme::changed, this, [this] { m_type = makeType(); });
}

RunListDelegate::Type RunListDelegate::makeType()
{
    const Theme &theme = Theme::instance();
    const QFont name = theme.headingFont(), small = theme.smallFont(), base = theme.baseFont();
    QFont plain = name;
    plain.setWeight(QFont::Normal);
    Type type{name,
              plain,
              small,
              base,
              QFontMetrics(name),
              QFontMetrics(plain),
              QFontMetrics(small),
              QFontMetrics(base),
              0,
              0,
              0};
    type.lossWidth = type.baseMetrics.horizontalAdvance(u"0.0000"_s);
    type.rowHeight =
        type.nameMetrics.height() + std::max(type.smallMetrics.height(), kEye) + 2 * 5 + kLineGap;
    type.headHeight = type.smallMetrics.height() + 10;
    return type;
}

QSize RunListDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &index) const
{
    return {160, RunTreeModel::isGroup(index) ? m_type.headHeight : m_type.rowHeight};
}

int RunListDelegate::topOf(const QRect &row) const
{
    return row.top() + (row.height() - m_type.nameMetrics.height() -
                        std::max(m_type.smallMetrics.height(), kEye) - kLineGap) /
                           2;
}

QRect RunListDelegate::overlayRect(const QRect &row) const
{
    const int top = topOf(row) + m_type.nameMetrics.height() + kLineGap;
    return {areaOf(row).right() - kEye + 1, top, kEye, kEye};
}

void RunListDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                            const QModelIndex &index) const
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    paintGround(*painter, option, index);
    if (RunTreeModel::isGroup(index)) {
        paintHead(*painter, option, index);
    } else {
        paintFirstLine(*painter, option, index);
        paintSecondLine(*painter, option, index);
    }
    painter->restore();
}

void RunListDelegate::paintGround(QPainter &painter, const QStyleOptionViewItem &option,
                                  const QModelIndex &index) const
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const QRectF ground = QRectF(option.rect).adjusted(0.5, 1, -0.5, -1);
    const bool isSelected = option.state & QStyle::State_Selected;
    if (isSelected || (option.state & QStyle::State_MouseOver)) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(isSelected ? tokens.selection : tokens.grid);
        painter.drawRoundedRect(ground, 5, 5);
    }
    if (index.data(RunListModel::IsShownRole).toBool()) { // also when several are selected
        painter.setPen(Qt::NoPen);
        painter.setBrush(tokens.accent);
        painter.drawRoundedRect(QRectF(ground.left(), ground.top() + 5, 3, ground.height() - 10), 1.5, 1.5);
    }
    if ((option.state & QStyle::State_HasFocus) && (option.state & QStyle::State_KeyboardFocusChange)) {
        painter.setPen(QPen(tokens.accent, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(ground.adjusted(1, 1, -1, -1), 4, 4);
    }
}

void RunListDelegate::paintHead(QPainter &painter, const QStyleOptionViewItem &option,
                                const QModelIndex &index) const
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const QRect area = areaOf(option.rect);
    const QPointF center(area.left() + kMark / 2.0, area.center().y() + 0.5);
    painter.setPen(QPen(tokens.secondary, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    const bool isOpen = option.state & QStyle::State_Open;
    const QPolygonF chevron = isOpen ? QPolygonF{QPointF(-3.5, -1.5), QPointF(0, 2), QPointF(3.5, -1.5)}
                                     : QPolygonF{QPointF(-1.5, -3.5), QPointF(2, 0), QPointF(-1.5, 3.5)};
    painter.drawPolyline(chevron.translated(center));

    const QString count = integerText(index.data(RunTreeModel::NumRunsRole).toLongLong());
    painter.setFont(m_type.small);
    painter.drawText(area, Qt::AlignRight | Qt::AlignVCenter, count);
    const int left = area.left() + kMark + kPadding;
    const int width =
        std::max(0, area.right() - m_type.smallMetrics.horizontalAdvance(count) - kPadding - left);
    QFont font = m_type.small;
    font.setWeight(QFont::DemiBold);
    painter.setFont(font);
    painter.setPen(tokens.text);
    painter.drawText(QRect(left, area.top(), width, area.height()), Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(font).elidedText(index.data().toString(), Qt::ElideMiddle, width));
}

/// Mark, name, alarms, small curve, loss. The second line belongs to the state, which may be a whole
/// sentence.
void RunListDelegate::paintFirstLine(QPainter &painter, const QStyleOptionViewItem &option,
                                     const QModelIndex &index) const
{
    const Theme &theme = Theme::instance();
    const ThemeTokens &tokens = theme.tokens();
    const auto state = static_cast<RunState>(index.data(RunListModel::StateRole).toInt());
    const QColor color = theme.runColor(index.data(RunListModel::ColorIndexRole).toInt());
    const bool isStale = index.data(RunListModel::IsStaleRole).toBool();
    const QRect area = areaOf(option.rect);
    const int top = topOf(option.rect), height = m_type.nameMetrics.height();

    const double loss = index.data(RunListModel::LossRole).toDouble();
    const QString number = lossText(loss);
    const int lossWidth = std::max(m_type.lossWidth, m_type.baseMetrics.horizontalAdvance(number));
    const QRect lossRect(area.right() - lossWidth + 1, top, lossWidth, height);
    painter.setFont(m_type.base);
    painter.setPen(std::isnan(loss) ? tokens.secondary : tokens.text);
    painter.drawText(lossRect, Qt::AlignRight | Qt::AlignVCenter, number);

    int nameRight = lossRect.left() - kPadding;
    // The name tells runs of a sweep apart: where both have no room, the curve gives way. As wide as when it is chosen,
    // so that a click moves nothing.
    const int textLeft = area.left() + kMark + kPadding;
    const int wanted = m_type.nameMetrics.horizontalAdvance(index.data().toString()) + kPadding;
    if (area.width() >= kMinWidthForSpark && textLeft + wanted <= nameRight - kSparkWidth) {
        const QRectF spark(nameRight - kSparkWidth, top, kSparkWidth, height);
        paintSparkline(painter, spark, sparklineOf(index), color, tokens.error);
        nameRight -= kSparkWidth + kPadding;
    }
    if (const int numAlarms = index.data(RunListModel::NumAlarmsRole).toInt(); numAlarms > 0) {
        const QString count = integerText(numAlarms);
        const int countWidth = m_type.smallMetrics.horizontalAdvance(count);
        painter.setFont(m_type.small);
        painter.setPen(tokens.warning);
        painter.drawText(QRect(nameRight - countWidth, top, countWidth + 1, height),
                         Qt::AlignLeft | Qt::AlignVCenter, count);
        nameRight -= countWidth + 2 + 12;
        paintAlarm(painter, QRectF(nameRight, top + (height - 11) / 2.0, 12, 11), tokens.warning);
        nameRight -= kPadding / 2;
    }
    const QRectF mark(area.left(), top + (height - kMark) / 2.0, kMark, kMark);
    paintRunState(painter, mark, state, color, isStale);

    const int nameWidth = std::max(0, nameRight - textLeft);
    const bool isPlain = (!isLiveState(state) || isStale) && !(option.state & QStyle::State_Selected);
    painter.setFont(isPlain ? m_type.plainName : m_type.name);
    painter.setPen(index.data(RunListModel::IsArchivedRole).toBool() ? tokens.secondary : tokens.text);
    const QFontMetrics &metrics = isPlain ? m_type.plainNameMetrics : m_type.nameMetrics;
    painter.drawText(QRect(textLeft, top, nameWidth, height), Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(index.data().toString(), Qt::ElideMiddle, nameWidth));
}

void RunListDelegate::paintSecondLine(QPainter &painter, const QStyleOptionViewItem &option,
                                      const QModelIndex &index) const
{
    const Theme &theme = Theme::instance();
    const QRect area = areaOf(option.rect);
    const QRect eye = overlayRect(option.rect);
    const int colorIndex = index.data(RunListModel::ColorIndexRole).toInt();
    // The line as it is drawn in the curves: beyond twelve runs, its dashes tell two of one colour apart.
    painter.setPen(QPen(theme.runColor(colorIndex), 2, Theme::runPenStyle(colorIndex), Qt::FlatCap));
    const double y = eye.center().y() + 0.5;
    painter.drawLine(QPointF(area.left(), y), QPointF(area.left() + kMark, y));

    const bool isOverlaid = index.data(RunListModel::IsOverlaidRole).toBool();
    const bool isNear =
        option.state & (QStyle::State_MouseOver | QStyle::State_Selected | QStyle::State_HasFocus);
    int right = area.right();
    if (isOverlaid || isNear) {
        paintEye(painter, eye, isOverlaid ? theme.runColor(colorIndex) : theme.tokens().secondary,
                 isOverlaid);
        right = eye.left() - kPadding / 2;
    }
    const int textLeft = area.left() + kMark + kPadding;
    right =
        paintTags(painter, QRect(textLeft, eye.top(), std::max(0, right - textLeft), eye.height()), index);
    const int width = std::max(0, right - textLeft);
    painter.setFont(m_type.small);
    painter.setPen(toneColor(stateLineTone(index)));
    painter.drawText(QRect(textLeft, eye.top(), width, eye.height()), Qt::AlignLeft | Qt::AlignVCenter,
                     m_type.smallMetrics.elidedText(index.data(RunListModel::StateLineRole).toString(),
                                                    Qt::ElideRight, width));
}

int RunListDelegate::paintTags(QPainter &painter, const QRect &area, const QModelIndex &index) const
{
    QStringList tags = index.data(RunListModel::TagsRole).toStringList();
    if (index.data(RunListModel::IsArchivedRole).toBool()) tags.prepend(tr("archived"));
    if (tags.isEmpty()) return area.right();
    const ThemeTokens &tokens = Theme::instance().tokens();
    const int room = area.width() * 55 / 100; // the state keeps the rest
    const auto widthOf = [this](const QString &text) {
        return m_type.smallMetrics.horizontalAdvance(text) + 10;
    };
    QStringList shown;
    int used = 0;
    for (qsizetype i = 0; i < tags.size(); ++i) {
        const QString text = m_type.smallMetrics.elidedText(tags[i], Qt::ElideRight, kMaxTagWidth - 10);
        const QString rest = u"+%1"_s.arg(tags.size() - i);
        const int forRest = i + 1 < tags.size() ? widthOf(rest) + 3 : 0;
        if (used + widthOf(text) + forRest > room) {
            shown << rest; // that there are more is said, even where no name fits
            used += widthOf(rest) + 3;
            break;
        }
        shown << text;
        used += widthOf(text) + 3;
    }
    int left = area.right() - used + 4;
    const int edge = left;
    const int height = std::min(area.height(), m_type.smallMetrics.height() + 1);
    painter.setFont(m_type.small);
    for (const QString &text : std::as_const(shown)) {
        const QRectF chip(left + 0.5, area.top() + (area.height() - height) / 2.0 + 0.5, widthOf(text) - 1,
                          height - 1);
        painter.setPen(QPen(tokens.border, 1));
        painter.setBrush(tokens.surface);
        painter.drawRoundedRect(chip, 4, 4);
        painter.setPen(tokens.secondary);
        painter.drawText(chip, Qt::AlignCenter, text);
        left += widthOf(text) + 3;
    }
    return edge - kPadding / 2;
}

QWidget *RunListDelegate::createEditor(QWidget *parent, const QStyleOptionViewItem &,
                                       const QModelIndex &) const
{
    auto *editor = new QLineEdit(parent);
    editor->setObjectName(u"runNameEdit"_s);
    editor->setAccessibleName(tr("Name of the run"));
    editor->setMaxLength(200); // as the engine takes it
    return editor;
}

void RunListDelegate::updateEditorGeometry(QWidget *editor, const QStyleOptionViewItem &option,
                                           const QModelIndex &) const
{
    const int left = areaOf(option.rect).left() + kMark + kPadding / 2;
    const int height = editor->sizeHint().height();
    editor->setGeometry(left, option.rect.center().y() - height / 2, option.rect.right() - left - 2, height);
}

void RunListDelegate::setEditorData(QWidget *editor, const QModelIndex &index) const
{
    if (!qobject_cast<QLineEdit *>(editor)->isModified()) QStyledItemDelegate::setEditorData(editor, index);
}

void RunListDelegate::setModelData(QWidget *editor, QAbstractItemModel *, const QModelIndex &index) const
{
    const QString name = qobject_cast<QLineEdit *>(editor)->text().trimmed();
    if (name != index.data().toString()) Q_EMIT renamed(index.data(RunListModel::IdRole).toString(), name);
}

} // namespace orrery::ui
