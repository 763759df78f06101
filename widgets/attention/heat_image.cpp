// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/heat_image.h"

#include <algorithm>
#include <cmath>

namespace orrery::ui {

double HeatScale::position(double value) const
{
    if (!std::isfinite(value) || limit <= 0) return isDifference ? 0.5 : 0;
    const double share = std::min(1.0, std::abs(value) / limit);
    const double stretched = kind == ScaleKind::SquareRoot ? std::sqrt(share) : share;
    if (!isDifference) return value < 0 ? 0 : stretched;
    return 0.5 + std::copysign(stretched / 2, value);
}

std::vector<double> HeatScale::ticks() const
{
    const std::vector<double> shares = kind == ScaleKind::SquareRoot
                                           ? std::vector<double>{0, 0.05, 0.2, 0.5, 1}
                                           : std::vector<double>{0, 0.25, 0.5, 0.75, 1};
    std::vector<double> all;
    if (isDifference)
        for (auto share = shares.rbegin(); share != shares.rend() - 1; ++share)
            if (*share == 1 || *share == 0.2 || *share == 0.5) all.push_back(-*share * limit);
    for (double share : shares)
        if (!isDifference || share == 0 || share == 1 || share == 0.2 || share == 0.5)
            all.push_back(share * limit);
    return all;
}

double niceLimit(double largest)
{
    // Downwards while the next smaller one still holds it.
    double limit = 1;
    for (const double next : {0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001}) {
        if (largest > next) break;
        limit = next;
    }
    return limit;
}

QImage heatImage(const HeadMatrix &matrix, CellValue value, const HeatScale &scale, const FigureStyle &style)
{
    QImage image(std::max(1, matrix.width()), std::max(1, matrix.height()), QImage::Format_RGB32);
    image.fill(style.zero());
    for (int row = 0; row < matrix.height(); ++row) {
        auto *line = reinterpret_cast<QRgb *>(image.scanLine(row));
        for (int column = 0; column < matrix.width(); ++column)
            line[column] = scale.color(valueAt(matrix, value, row, column), style);
    }
    return image;
}

namespace {

/// Lightness-true mixing of the colours of several heads; what does not change by the cell is made once.
class OverlayMixer {
public:
    OverlayMixer(size_t count, const HeatScale &scale, const FigureStyle &style)
        : m_scale(scale), m_zero(toOklab(style.zero())), m_ground(style.zero().rgb())
    {
        for (size_t i = 0; i < count; ++i) m_colors.push_back(toOklab(style.headColor(static_cast<int>(i))));
    }
    template <typename WeightOf> [[nodiscard]] QRgb color(WeightOf weightOf) const
    {
        double sum = 0, strongest = 0;
        Oklab mixed;
        for (size_t i = 0; i < m_colors.size(); ++i) {
            // Hue by the weights themselves: weak ones must not make mud of the strong one's colour.
            const double share = std::abs(weightOf(i));
            sum += share;
            strongest = std::max(strongest, share);
            mixed.lightness += share * m_colors[i].lightness;
            mixed.a += share * m_colors[i].a;
            mixed.b += share * m_colors[i].b;
        }
        if (!(sum > 0)) return m_ground;
        const double depth = m_scale.position(strongest);
        const auto mix = [&](double top, double ground) { return top / sum * depth + ground * (1 - depth); };
        return rgbOfOklab(
            {mix(mixed.lightness, m_zero.lightness), mix(mixed.a, m_zero.a), mix(mixed.b, m_zero.b)});
    }

private:
    HeatScale m_scale;
    Oklab m_zero;
    QRgb m_ground;
    std::vector<Oklab> m_colors;
};

} // namespace

QRgb overlayColor(const std::vector<HeadMatrix> &heads, CellValue value, const HeatScale &scale,
                  const FigureStyle &style, int row, int column)
{
    return OverlayMixer(heads.size(), scale, style).color([&](size_t i) {
        return double(valueAt(heads[i], value, row, column));
    });
}

QImage overlayImage(const std::vector<HeadMatrix> &heads, CellValue value, const HeatScale &scale,
                    const FigureStyle &style)
{
    const HeadMatrix &first = heads.front();
    QImage image(std::max(1, first.width()), std::max(1, first.height()), QImage::Format_RGB32);
    image.fill(style.zero());
    const OverlayMixer mixer(heads.size(), scale, style);
    for (int row = 0; row < first.height(); ++row) {
        auto *line = reinterpret_cast<QRgb *>(image.scanLine(row));
        for (int column = 0; column < first.width(); ++column)
            line[column] =
                mixer.color([&](size_t i) { return double(valueAt(heads[i], value, row, column)); });
    }
    return image;
}

HeadMatrix pooled(const HeadMatrix &matrix, CellValue value, int perCell)
{
    if (perCell <= 1 || matrix.isEmpty()) return matrix;
    HeadMatrix result;
    result.head = matrix.head;
    result.isDifference = matrix.isDifference;
    const auto pool = [perCell](const std::vector<TokenRange> &fine) {
        std::vector<TokenRange> coarse;
        for (size_t i = 0; i < fine.size(); i += size_t(perCell))
            coarse.push_back({fine[i].begin, fine[std::min(fine.size() - 1, i + size_t(perCell) - 1)].end});
        return coarse;
    };
    result.rows = pool(matrix.rows);
    result.columns = pool(matrix.columns);
    for (int row = 0; row < result.height(); ++row)
        for (int column = 0; column < result.width(); ++column) {
            float far = 0;
            for (int r = row * perCell; r < std::min(matrix.height(), (row + 1) * perCell); ++r)
                for (int c = column * perCell; c < std::min(matrix.width(), (column + 1) * perCell); ++c)
                    if (const float one = valueAt(matrix, value, r, c); std::abs(one) > std::abs(far))
                        far = one;
            result.mean.push_back(far);
        }
    return result;
}

} // namespace orrery::ui
