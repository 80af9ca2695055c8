# %% [markdown]
# # A photo in a few colours, with k-means
#
# A photo can hold tens of thousands of colours. Here we look for the *k* colours that stand for
# all of them best, and paint the photo with those: this is **colour quantization**. What finds
# the colours is **k-means**, one of the simplest and most useful methods to sort data into groups,
# and a photo is a good place to watch it: a pixel is a point with three coordinates, red, green
# and blue, and the result can be seen.

# %%
import os
import sys
import time

import numpy as np
from matplotlib import cbook
from sklearn.cluster import KMeans as SklearnKMeans

import kpalette
from kpalette import image, model

# Try your own photo: name it in the environment variable KPALETTE_PHOTO, or run this as a script,
# python image_quantization.py photo.jpg
photo = os.environ.get("KPALETTE_PHOTO")
if "__file__" in globals() and len(sys.argv) > 1:
    photo = sys.argv[1]

img = image.load_image(photo or cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
image.display_images(img)

# %% [markdown]
# ## The colours as points
#
# `rgb_matrix` has the pixels in rows and columns. Where a pixel is does not matter for its colour,
# so k-means takes them as a list, `rgb_vector`.

# %%
print("rgb_matrix:", img.rgb_matrix.shape)
print("rgb_vector:", img.rgb_vector.shape)

# %% [markdown]
# Each colour is a point in a cube, with black in one corner and white in the opposite one. What
# belongs together in the photo is often a cloud of its own here.

# %%
image.plot_rgb_vector(img.rgb_vector, title="The photo's colours")

# %% [markdown]
# ## k = 8, step by step
#
# k-means draws *k* pixels by lot; their colours are the first **centroids**. Then it repeats two
# steps:
#
# 1. **Assign**: each pixel belongs to the centroid nearest to it. Those of one centroid are a
#    *cluster*.
# 2. **Update**: each centroid moves to the mean of its cluster.
#
# Neither step can make the sum of squared distances from pixels to their centroids greater: the
# first chooses the nearest, and the mean is the point with the least squared distances to its
# cluster. So the sum falls until hardly anything moves. Here that is when the centroids together
# move by less than `tol`, or after `max_iter` iterations.

# %%
kmeans = model.KMeans(n_clusters=8, tol=0.01, max_iter=100, random_state=44)
start = time.perf_counter()
kmeans.fit(img.rgb_vector)
print(f"{kmeans.iterations} iterations in {time.perf_counter() - start:.3f} s")
print(kmeans.cluster_centers_.round(1))

# %% [markdown]
# The centroids sit where there are many pixels, not where there are many different colours: a
# large plain wall has few colours but a great weight.

# %%
image.plot_rgb_vector(
    img.rgb_vector, title="The colours and their 8 centroids", centers=kmeans.cluster_centers_
)

# %% [markdown]
# `labels_` says which cluster each pixel is in. With each pixel's centroid in its place, the list
# becomes an image again.

# %%
pixels_of_8 = kmeans.cluster_centers_[kmeans.labels_]
img_8 = image.rgb_vector_to_image(pixels_of_8, img.shape, title="k = 8")
image.display_images(img, img_8)

# %% [markdown]
# ## k = 16 and k = 32
#
# `quantize_image` does all of this: it trains, tells how long that took, shows the centroids and
# the photo, and gives back the photo.

# %%
img_16 = model.quantize_image(img, k=16, random_state=44)

# %%
img_32 = model.quantize_image(img, k=32, random_state=44)

# %% [markdown]
# ## Side by side
#
# Eight colours show as flat patches. With each doubling the edges between them get fainter, first
# where colours change slowly.

# %%
image.display_images(img, img_8, img_16, img_32, figsize=(12, 4.2))

# %% [markdown]
# ## What it costs
#
# The **cost** is what k-means makes small: the sum over all pixels of the squared distance to their
# centroid. It grows with the photo; the root of its mean does not, and says how far from its
# centroid a pixel typically is, where each channel goes from 0 to 255.

# %%
for k in (8, 16, 32):
    kmeans = model.KMeans(n_clusters=k, tol=0.01, max_iter=100, random_state=44)
    kmeans.fit(img.rgb_vector)
    cost = model.clusters_cost(img.rgb_vector, kmeans.cluster_centers_, kmeans.labels_)
    distance = np.sqrt(cost / len(img.rgb_vector))
    print(f"k = {k:2}   cost {cost:13,.0f}   typical distance {distance:4.1f}")

# %% [markdown]
# ## Distinct colours, before and after
#
# `ColorHistogram` counts how many pixels have each colour; its length is the number of colours.

# %%
for each in (img, img_8, img_16, img_32):
    histogram = kpalette.ColorHistogram.from_image(each.rgb_matrix)
    print(f"{each.title}: {len(histogram):,} distinct colours")

# %% [markdown]
# ## How many colours?
#
# The cost falls with every colour more, so it cannot say by itself how many are enough. But it
# falls steeply at first and slowly later. Around the bend, the *elbow*, more colours begin to pay
# less.
#
# Which centroids k-means ends with depends on those it starts with, and it may end in a poor
# place. So we start it 5 times for each k (`n_init=5`) and keep the best.

# %%
k_values = range(2, 65, 2)
costs, seconds = model.record_k_metrics(img, k_values, random_state=44, n_init=5)
print(f"{5 * len(k_values)} fits in {sum(seconds):.1f} s")
model.plot_k_metrics(k_values, costs, seconds)

# %% [markdown]
# `kpalette.sweep` goes all the way for you: it fits each k from the one before, so that the cost
# never rises, adds the size of the picture as a PNG file, and suggests an elbow. On a scale of
# decibels, where every halving of the error counts the same, that comes later than the eye finds it
# on the curve above.

# %%
curve = kpalette.sweep(img.rgb_matrix, k_values, space="srgb")
for k in sorted({8, 16, 32, curve.elbow}):
    point = curve.at(k)
    print(f"k = {k:2}   cost {point.cost:13,.0f}   PNG {point.png_bytes:7,} bytes")
print(f"suggested: k = {curve.elbow}")

# %% [markdown]
# ## What a perceptual space changes
#
# So far, distances were those of the numbers R, G and B. The eye sees otherwise: it tells dark
# shades apart that lie close together in these numbers, and greens that lie far apart look much the
# same. In *Oklab*, equal distances look about equally large. `kpalette.quantize` works there unless
# told otherwise. The squared error in R, G and B is larger then, but what the eye sees, measured as
# CIEDE2000, is nearer to the photo.

# %%
by_numbers = kpalette.quantize(img.rgb_matrix, 16, space="srgb")
by_eye = kpalette.quantize(img.rgb_matrix, 16, space="oklab")
for name, few in (("srgb", by_numbers), ("oklab", by_eye)):
    found = kpalette.metrics.compare(img.rgb_matrix, few)
    print(f"{name:5}  squared error {found.mse:6.1f}   CIEDE2000 {found.delta_e:.2f}")
image.display_images(
    img,
    image.Image(by_numbers.rgb, "k = 16, by numbers"),
    image.Image(by_eye.rgb, "k = 16, by eye"),
)

# %% [markdown]
# ## Why this is fast: count first
#
# Pixels of the same colour have the same nearest centroid. It is enough to know each distinct
# colour once, and how many pixels have it: the histogram from above.

# %%
histogram = kpalette.ColorHistogram.from_image(img.rgb_matrix)
fewer = len(img.rgb_vector) / len(histogram)
print(f"{len(img.rgb_vector):,} pixels, {len(histogram):,} distinct colours: {fewer:.1f} to one")

# %% [markdown]
# With the counts as weights it is the same problem, so it has the same answer. scikit-learn's
# k-means, which always works on what it is given, shows it. Both fits start from the same eight
# pixels, drawn by lot.

# %%
first_8 = np.random.default_rng(44).choice(img.rgb_vector, size=8, replace=False).astype(float)


def timed_fit(kmeans, samples, weights=None):
    start = time.perf_counter()
    kmeans.fit(samples, sample_weight=weights)
    return kmeans, time.perf_counter() - start


plain, plain_time = timed_fit(
    SklearnKMeans(n_clusters=8, init=first_8, n_init=1, tol=0), img.rgb_vector
)
weighted, weighted_time = timed_fit(
    SklearnKMeans(n_clusters=8, init=first_8, n_init=1, tol=0), histogram.colors, histogram.counts
)
apart = np.abs(plain.cluster_centers_ - weighted.cluster_centers_).max()
print(f"all pixels:       cost {plain.inertia_:,.0f} in {plain_time:.3f} s")
print(f"distinct colours: cost {weighted.inertia_:,.0f} in {weighted_time:.3f} s")
print(f"the centroids differ by at most {apart:.6f}")

# %% [markdown]
# `kpalette` counts by itself. It also knows that neighbours in the cube have the same few centroids
# to choose from: it takes the colours in small boxes, and compares those of a box only with the
# centroids that could be nearest to some point in it. No colour is left out and nothing is
# approximated, so the answer stays the same.
#
# ## The same as scikit-learn
#
# From the same start, and until no pixel changes its cluster any more (`tol=0`), the two engines
# agree on the label of every pixel, except where rounding decides between two centroids that are
# equally near.

# %%
ours, our_time = timed_fit(
    model.KMeans(n_clusters=8, init=first_8, n_init=1, tol=0, max_iter=300), img.rgb_vector
)
for name, fit, seconds in (("scikit-learn", plain, plain_time), ("kpalette", ours, our_time)):
    print(f"{name:12}  {fit.n_iter_} iterations, cost {fit.inertia_:,.2f}, {seconds:.3f} s")
alike = np.mean(ours.labels_ == plain.labels_)
print(f"{alike:.3%} of the labels are the same")
