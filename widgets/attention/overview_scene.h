// SPDX-License-Identifier: GPL-3.0-or-later
// All heads as thumbnails: which there are, in which order, where each stands in a given space, and how they
// are painted, on the screen and in an export alike. GUI thread only.
#pragma once

#include "widgets/attention/color_scale.h"
#include "widgets/attention/snapshot.h"

#include <QImage>

#include <vector>

class QPainter;

namespace orrery::ui {

enum class HeadSort : uint8_t { Position, Entropy, Distance, Difference };

struct OverviewContent {
    SnapshotPtr now, base; ///< base: for differences; may be null
    bool isDifference = false;
    CellValue value = CellValue::Maximum;
    ScaleKind scale = ScaleKind::SquareRoot;
    HeadSort sort = HeadSort::Position;
    double leastLimit = 0; ///< of a difference: its colours end there at least
};

struct HeadTile {
    HeadRef head;
    QImage image; ///< a pixel a cell
    HeadSummary summary;
    bool hasSummary = false;
    double difference = 0; ///< to the base, 0 … 1; NaN: there is nothing to compare with
};

/// Where things stand; all in pixels from the top left of what is painted.
struct OverviewLayout {
    double labelWidth = 0, headerHeight = 0, tile = 0, captionHeight = 0, legendWidth = 0;
    int columns = 0, rows = 0;
    bool isGrid = true; ///< layers × heads; else one behind the other in the sorted order
    QSizeF size;        ///< of everything, legend included
};

inline constexpr double kSmallestTile = 40, kTileGap = 6;

class OverviewScene {
public:
    void setContent(const OverviewContent &content, const FigureStyle &style);
    [[nodiscard]] const std::vector<HeadTile> &tiles() const { return m_tiles; } ///< in the order of the sort
    [[nodiscard]] const ScaleLegend &legend() const { return m_legend; }
    [[nodiscard]] double ownLimit() const { return m_ownLimit; } ///< without leastLimit
    [[nodiscard]] HeadSort sort() const { return m_content.sort; }
    [[nodiscard]] int indexOf(const HeadRef &head) const; ///< -1: there is none
    [[nodiscard]] OverviewLayout layout(const QSizeF &space, const FigureStyle &style) const;
    [[nodiscard]] QRectF tileRect(const OverviewLayout &layout, int index) const;
    [[nodiscard]] int tileAt(const OverviewLayout &layout, const QPointF &position) const;
    /// Beside which others a tile stands: index of the one `columns`, `rows` away, clamped.
    [[nodiscard]] int neighbour(const OverviewLayout &layout, int index, int columns, int rows) const;

    struct Marks {
        HeadRef current;
        bool hasFocus = false, hasCurrent = false;
        int hovered = -1;
        std::vector<HeadRef> selected;
        std::vector<HeadRef> starred;
    };
    /// @param visible what of the whole is on the screen
    void paint(QPainter &painter, const OverviewLayout &layout, const QRectF &visible, const Marks &marks,
               const FigureStyle &style) const;
    /// "1.23 · 4.1": of the caption under a tile.
    [[nodiscard]] QString caption(const HeadTile &tile) const;

private:
    [[nodiscard]] double sortKey(const HeadTile &tile) const;
    void paintLabels(QPainter &painter, const OverviewLayout &layout, const Marks &marks,
                     const FigureStyle &style) const;
    void paintTile(QPainter &painter, const OverviewLayout &layout, int index, const Marks &marks,
                   const FigureStyle &style) const;

    OverviewContent m_content;
    ScaleLegend m_legend;
    std::vector<HeadTile> m_tiles;
    int m_layers = 0, m_heads = 0;
    double m_ownLimit = 1;
    mutable std::vector<QImage> m_scaled; ///< of the tiles, as they were painted last
    mutable QSize m_scaledSize;
};

/// "Layer 3, head 5".
QString headTitle(const HeadRef &head);
/// "entropy 1.23 nats · looks 4.1 tokens back · first token 12 % · itself 8 %".
QString summarySentence(const HeadSummary &summary);

} // namespace orrery::ui
